# SPDX-License-Identifier: Apache-2.0
#
# The binary interface: what the shared LIBRARY exports and how the types in the public HEADERS are laid out. It is written
# to DUMP, and compared with KNOWN if that is given: what is new is no difference; what has gone or changed is.
execute_process(
    COMMAND
        abidw --suppressions "${CMAKE_CURRENT_LIST_DIR}/standard_library.suppr" --headers-dir "${HEADERS}"
        --drop-private-types --exported-interfaces-only --no-corpus-path --no-comp-dir-path --no-show-locs --no-elf-needed
        --no-parameter-names --no-write-default-sizes --type-id-style hash --out-file "${DUMP}" "${LIBRARY}"
    COMMAND_ERROR_IS_FATAL ANY
)
# Sources are named from the root of the tree, wherever it lies.
cmake_path(GET HEADERS PARENT_PATH root)
cmake_path(GET root PARENT_PATH root)
file(READ "${DUMP}" dump)
string(REPLACE "${root}/" "" dump "${dump}")
file(WRITE "${DUMP}" "${dump}")
if(KNOWN)
    execute_process(COMMAND abidiff --harmless --no-added-syms "${KNOWN}" "${DUMP}" RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "the binary interface differs from ${KNOWN}; if it is meant to, build the target update_abi")
    endif()
endif()
