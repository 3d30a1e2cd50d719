# SPDX-License-Identifier: Apache-2.0
#
# For the scripts of this folder, after common.cmake.

# build_consumer(<prefix>): builds and runs impl/package/consumer against the installation there, for each standard of C++:
# by way of the CMake package and of pkg-config, with the shared library, then with the static one, for which the shared
# one is removed.
function(build_consumer prefix)
    set(consumer "${SOURCE}/impl/package/consumer")
    foreach(shared IN ITEMS ON OFF)
        foreach(standard IN ITEMS 20 23)
            build_user(
                "${prefix}" "${consumer}" "${WORK}/${standard}-${shared}" -DCMAKE_CXX_STANDARD=${standard}
                -DBUILD_SHARED_LIBS=${shared}
            )
        endforeach()
    endforeach()

    file(GLOB_RECURSE pc_file "${prefix}/blkdrain.pc")
    cmake_path(GET pc_file PARENT_PATH pc_dir)
    cmake_path(GET pc_dir PARENT_PATH library_dir)
    set(ENV{PKG_CONFIG_PATH} "${pc_dir}")
    set(ENV{LD_LIBRARY_PATH} "${library_dir}")
    pkg_config_consumer("${consumer}/consumer.cpp")
    file(GLOB shared_libraries "${library_dir}/*.so*")
    file(REMOVE ${shared_libraries})
    pkg_config_consumer("${consumer}/consumer.cpp" --static)
endfunction()

# pkg_config_consumer(<source> <option of pkg-config>...)
function(pkg_config_consumer source)
    find_program(pkg_config pkg-config REQUIRED)
    capture(package "${pkg_config}" --cflags --libs ${ARGN} blkdrain)
    separate_arguments(package UNIX_COMMAND "${package}")
    separate_arguments(flags UNIX_COMMAND "${FLAGS}")
    foreach(standard IN ITEMS 20 23)
        run("${CXX}" ${flags} -std=c++${standard} -fno-exceptions "${source}" ${package} -o "${WORK}/consumer")
        run("${WORK}/consumer")
    endforeach()
endfunction()
