# SPDX-License-Identifier: Apache-2.0
#
# cmake -DBUILD=<build tree> -DWORK=<scratch> -DCXX=<compiler> -DFLAGS=<flags> -P test.cmake
# Installs the library, moves the installation, then builds and runs the consumer against it, through the CMake package
# and through pkg-config.
set(stage "${WORK}/moved")
file(REMOVE_RECURSE "${WORK}")

function(run)
    execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run("${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${WORK}/stage")
file(RENAME "${WORK}/stage" "${stage}")

run(
    "${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}" -B "${WORK}/build" -G Ninja
    "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_CXX_FLAGS=${FLAGS}" "-DCMAKE_PREFIX_PATH=${stage}"
)
run("${CMAKE_COMMAND}" --build "${WORK}/build")
run("${WORK}/build/consumer")

find_program(pkg_config pkg-config REQUIRED)
file(GLOB_RECURSE pc_file "${stage}/blkdrain.pc")
cmake_path(GET pc_file PARENT_PATH pc_dir)
execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env "PKG_CONFIG_PATH=${pc_dir}" "${pkg_config}" --cflags --libs --static blkdrain
    OUTPUT_VARIABLE pc_flags
    COMMAND_ERROR_IS_FATAL ANY
)
separate_arguments(pc_flags UNIX_COMMAND "${pc_flags}")
separate_arguments(FLAGS UNIX_COMMAND "${FLAGS}")
run("${CXX}" ${FLAGS} -std=c++20 "${CMAKE_CURRENT_LIST_DIR}/main.cpp" ${pc_flags} -o "${WORK}/consumer-pc")
file(GLOB_RECURSE library "${stage}/libblkdrain.*")
list(GET library 0 library)
cmake_path(GET library PARENT_PATH library_dir)
run("${CMAKE_COMMAND}" -E env "LD_LIBRARY_PATH=${library_dir}" "${WORK}/consumer-pc")
