# SPDX-License-Identifier: Apache-2.0
#
# The public headers include headers of the C++ standard library, ours and <sys/uio.h>, no others; each compiles alone,
# without warnings; and each that declares something says which threads may use it, under the word "Threads".
include("${CMAKE_CURRENT_LIST_DIR}/common.cmake")

set(library "${SOURCE}/impl/include")
set(harness "${SOURCE}/props/drivers/include")
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
set(compile "${CXX}" ${flags} -std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only)
list(APPEND compile -I "${library}")

# check_headers(<folder> [<arguments of the compiler>...])
function(check_headers folder)
    file(GLOB_RECURSE headers RELATIVE "${folder}" "${folder}/*.h")
    set(sources "")
    foreach(header IN LISTS headers)
        file(STRINGS "${folder}/${header}" lines REGEX "^[ \t]*#[ \t]*include")
        foreach(line IN LISTS lines)
            string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*<(.*)>.*$" "\\1" included "${line}")
            if(NOT included MATCHES "^([a-z_]+|blkdrain/.+|sys/uio\\.h)$")
                message(SEND_ERROR "${header}: ${line}: not for a public header")
            endif()
        endforeach()
        file(STRINGS "${folder}/${header}" declares REGEX "^BLKDRAIN_NAMESPACE_BEGIN$")
        file(STRINGS "${folder}/${header}" contract REGEX "^ *//.* Threads:")
        if(declares AND NOT contract AND NOT header MATCHES "/detail/")
            message(SEND_ERROR "${header}: does not say anything about threads")
        endif()
        file(WRITE "${WORK}/${header}.cpp" "#include <${header}>\n")
        list(APPEND sources "${WORK}/${header}.cpp")
    endforeach()
    run(${compile} ${ARGN} ${sources})
    list(LENGTH headers count)
    message(STATUS "${count} headers in ${folder}")
endfunction()

check_headers("${library}")
check_headers("${harness}" -I "${harness}" -DBLKDRAIN_WORLD_SIM=1 -DBLKDRAIN_ANNOUNCE=1)
