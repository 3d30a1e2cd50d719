#!/bin/bash -eu
# Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in compliance with
# the License. You may obtain a copy of the License at http://www.apache.org/licenses/LICENSE-2.0
# SPDX-License-Identifier: Apache-2.0
#
# Whether the targets still do what they should, after build.sh in the same environment: the seeds run without a finding,
# in the programs that only replay. The test suites proper need libraries that this image does not have.

tree=$SRC/blkdrain
build=$WORK/blkdrain-$SANITIZER-$FUZZING_ENGINE

for source in "$tree"/fuzz/*_fuzzer.cpp; do
    target=$(basename "$source" .cpp)
    cmake --build "$build" --target "${target}_replay"
    "$build/fuzz/${target}_replay" "$tree/corpus/seeds/$target"
done
