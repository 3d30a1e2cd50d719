#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
exec bash -eu "$SRC/blkdrain/fuzz/oss-fuzz/build.sh"
