# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs an example against an installation, by way of pkg-config: with the shared library, then, as if the
# shared one were not there, with the static one.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

install_moved("${WORK}/moved")
find_program(pkg_config pkg-config REQUIRED)
file(GLOB_RECURSE pc_file "${WORK}/moved/blkdrain.pc")
cmake_path(GET pc_file PARENT_PATH pc_dir)
cmake_path(GET pc_dir PARENT_PATH library_dir)
set(ENV{PKG_CONFIG_PATH} "${pc_dir}")
set(ENV{LD_LIBRARY_PATH} "${library_dir}")
separate_arguments(FLAGS UNIX_COMMAND "${FLAGS}")

function(build_and_run)
    capture(flags "${pkg_config}" --cflags --libs ${ARGN} blkdrain)
    separate_arguments(flags UNIX_COMMAND "${flags}")
    run("${CXX}" ${FLAGS} -std=c++20 "${SOURCE}/impl/examples/own_loop.cpp" ${flags} -o "${WORK}/own_loop")
    run("${WORK}/own_loop")
endfunction()

build_and_run()
file(GLOB shared "${library_dir}/*.so*")
file(REMOVE ${shared})
build_and_run(--static)
