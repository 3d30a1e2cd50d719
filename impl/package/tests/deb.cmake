# SPDX-License-Identifier: Apache-2.0
#
# Makes the two Debian packages of BUILD, unpacks them as dpkg would into a root of their own, and builds the examples
# against what is there. The packages must name each other and the C library they need.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

run("${CPACK}" -G DEB --config "${BUILD}/CPackConfig.cmake" -B "${WORK}/packages")
file(GLOB runtime "${WORK}/packages/libblkdrain[0-9]*.deb")
file(GLOB development "${WORK}/packages/libblkdrain-dev_*.deb")
foreach(package IN ITEMS "${runtime}" "${development}")
    run(dpkg-deb --extract "${package}" "${WORK}/root")
endforeach()

function(expect_field package field pattern)
    capture(value dpkg-deb --field "${package}" "${field}")
    if(NOT value MATCHES "${pattern}")
        message(FATAL_ERROR "${package}: ${field} is '${value}', not like '${pattern}'")
    endif()
endfunction()
capture(runtime_name dpkg-deb --field "${runtime}" Package)
expect_field("${runtime}" Depends "libc6.*libstdc\\+\\+6")
expect_field("${development}" Depends "^${runtime_name} \\(= [0-9.]+\\)")

file(GLOB_RECURSE library "${WORK}/root/usr/lib/*/libblkdrain.so.*.*.*" "${WORK}/root/usr/lib/libblkdrain.so.*.*.*")
if(NOT library)
    message(FATAL_ERROR "no shared library in ${runtime}")
endif()
cmake_path(GET library PARENT_PATH library_dir)
set(ENV{LD_LIBRARY_PATH} "${library_dir}")
build_user("${WORK}/root/usr" "${WORK}/root/usr/share/doc/blkdrain/examples" "${WORK}/build" -DBUILD_SHARED_LIBS=ON)
