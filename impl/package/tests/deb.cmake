# SPDX-License-Identifier: Apache-2.0
#
# Makes the Debian packages of BUILD, has dpkg install them in a root of their own, which dpkg refuses if a file is in two
# of them, and uses what is there: the examples are built, the check runs. The packages must name each other and the
# libraries they need, which that root does not have.
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

run("${CPACK}" -G DEB --config "${BUILD}/CPackConfig.cmake" -B "${WORK}/packages")
file(GLOB runtime "${WORK}/packages/libblkdrain[0-9]*.deb")
file(GLOB development "${WORK}/packages/libblkdrain-dev_*.deb")
file(GLOB check "${WORK}/packages/blkdrain-check_*.deb")
# A root that knows of no package yet. Scripts of packages find programs outside it, and nothing there to change.
file(MAKE_DIRECTORY "${WORK}/root/var/lib/dpkg/info" "${WORK}/root/var/lib/dpkg/updates")
file(TOUCH "${WORK}/root/var/lib/dpkg/status")
file(WRITE "${WORK}/bin/ldconfig" "#!/bin/sh\n")
file(CHMOD "${WORK}/bin/ldconfig" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
set(ENV{PATH} "${WORK}/bin:$ENV{PATH}:/usr/sbin:/sbin")
run(
    dpkg "--root=${WORK}/root" --force-not-root --force-script-chrootless --force-depends --log=/dev/null --install
    "${runtime}" "${development}" "${check}"
)
set(usr "${WORK}/root/usr")

function(expect_field package field pattern)
    capture(value dpkg-deb --field "${package}" "${field}")
    if(NOT value MATCHES "${pattern}")
        message(FATAL_ERROR "${package}: ${field} is '${value}', not like '${pattern}'")
    endif()
endfunction()
capture(runtime_name dpkg-deb --field "${runtime}" Package)
expect_field("${runtime}" Depends "libc6.*libstdc\\+\\+6")
expect_field("${development}" Depends "^${runtime_name} \\(= [0-9.]+\\)")
expect_field("${check}" Depends "libc6.*libstdc\\+\\+6")
expect_field("${check}" Depends "libblkdrain-dev \\(= [0-9.]+\\)")

foreach(file IN ITEMS man/man1/blkdrain-check.1 bash-completion/completions/blkdrain-check)
    if(NOT EXISTS "${usr}/share/${file}")
        message(FATAL_ERROR "no /usr/share/${file} in ${check}")
    endif()
endforeach()
run("${usr}/bin/blkdrain-check" --help)
run("${usr}/bin/blkdrain-check" --seconds 1 --suite sequential --seed 1 --out "${WORK}/failures")

file(GLOB_RECURSE library "${usr}/lib/*/libblkdrain.so.*.*.*" "${usr}/lib/libblkdrain.so.*.*.*")
if(NOT library)
    message(FATAL_ERROR "no shared library in ${runtime}")
endif()
cmake_path(GET library PARENT_PATH library_dir)
set(ENV{LD_LIBRARY_PATH} "${library_dir}")
build_user("${usr}" "${usr}/share/doc/blkdrain/impl/examples" "${WORK}/build" -DBUILD_SHARED_LIBS=ON)
if(NOT EXISTS "${WORK}/build/check_xor_driver")
    message(FATAL_ERROR "the examples have not found the harness")
endif()
