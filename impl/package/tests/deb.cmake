# SPDX-License-Identifier: Apache-2.0
#
# Makes the two Debian packages of BUILD, has dpkg install them in a root of their own, and builds the examples against
# what is there. The packages must name each other and the C library they need, which that root does not have.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

run("${CPACK}" -G DEB --config "${BUILD}/CPackConfig.cmake" -B "${WORK}/packages")
file(GLOB runtime "${WORK}/packages/libblkdrain[0-9]*.deb")
file(GLOB development "${WORK}/packages/libblkdrain-dev_*.deb")
# A root that knows of no package yet. Scripts of packages find programs outside it, and nothing there to change.
file(MAKE_DIRECTORY "${WORK}/root/var/lib/dpkg/info" "${WORK}/root/var/lib/dpkg/updates")
file(TOUCH "${WORK}/root/var/lib/dpkg/status")
file(WRITE "${WORK}/bin/ldconfig" "#!/bin/sh\n")
file(CHMOD "${WORK}/bin/ldconfig" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
set(ENV{PATH} "${WORK}/bin:$ENV{PATH}:/usr/sbin:/sbin")
run(
    dpkg "--root=${WORK}/root" --force-not-root --force-script-chrootless --force-depends --log=/dev/null --install
    "${runtime}" "${development}"
)

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
