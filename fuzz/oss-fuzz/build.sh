#!/bin/bash -eu
# Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
# the License. You may obtain a copy of the License at http://www.apache.org/licenses/LICENSE-2.0
# SPDX-License-Identifier: Apache-2.0
#
# Builds the fuzz targets into $OUT, with the compiler, flags and engine of the environment and nothing added to them: no
# build type. fuzz/oss-fuzz/check_build says whether what came out is fit to run.

tree=$SRC/blkdrain
build=$WORK/blkdrain-$SANITIZER-$FUZZING_ENGINE

cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE= -DBLKDRAIN_BUILD_TESTS=OFF -DBLKDRAIN_BUILD_FUZZERS=ON \
    -DBLKDRAIN_BUILD_BENCHMARKS=OFF -DBLKDRAIN_INSTALL=OFF -DBLKDRAIN_FUZZING_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build" --target fuzz_targets

for source in "$tree"/fuzz/*_fuzzer.cpp; do
    target=$(basename "$source" .cpp)
    cp "$build/fuzz/$target" "$tree/fuzz/oss-fuzz/$target.options" "$OUT/"
    rm -f "$OUT/${target}_seed_corpus.zip"
    (cd "$tree/corpus/seeds/$target" && cmake -E tar cf "$OUT/${target}_seed_corpus.zip" --format=zip -- *)
done
cp "$tree"/fuzz/oss-fuzz/*.dict "$OUT/"
