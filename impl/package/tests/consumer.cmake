# SPDX-License-Identifier: Apache-2.0
#
# Builds and runs impl/package/consumer against an installation, for each standard of C++: by way of the CMake package and
# of pkg-config, with the shared library, then, as if that were not there, with the static one.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

install_moved("${WORK}/moved")
find_program(pkg_config pkg-config REQUIRED)
file(GLOB_RECURSE pc_file "${WORK}/moved/blkdrain.pc")
cmake_path(GET pc_file PARENT_PATH pc_dir)
cmake_path(GET pc_dir PARENT_PATH library_dir)
set(ENV{PKG_CONFIG_PATH} "${pc_dir}")
set(consumer "${SOURCE}/impl/package/consumer")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")

foreach(shared IN ITEMS ON OFF)
    foreach(standard IN ITEMS 20 23)
        build_user(
            "${WORK}/moved" "${consumer}" "${WORK}/${standard}-${shared}" -DCMAKE_CXX_STANDARD=${standard}
            -DBUILD_SHARED_LIBS=${shared}
        )
    endforeach()
endforeach()

# pkg_config_consumer(<option of pkg-config>...)
function(pkg_config_consumer)
    capture(package "${pkg_config}" --cflags --libs ${ARGN} blkdrain)
    separate_arguments(package UNIX_COMMAND "${package}")
    foreach(standard IN ITEMS 20 23)
        run(
            "${CXX}" ${flags} -std=c++${standard} -fno-exceptions "${consumer}/consumer.cpp" ${package} -o
            "${WORK}/consumer"
        )
        run("${WORK}/consumer")
    endforeach()
endfunction()

set(ENV{LD_LIBRARY_PATH} "${library_dir}")
pkg_config_consumer()
file(GLOB shared_libraries "${library_dir}/*.so*")
file(REMOVE ${shared_libraries})
pkg_config_consumer(--static)
