# SPDX-License-Identifier: Apache-2.0
#
# cmake -DMAKE_SEEDS=... -DROOT=... -DOUT=... -P seeds_are_current.cmake: what is committed is what ./dev seeds writes.
file(REMOVE_RECURSE "${OUT}")
file(MAKE_DIRECTORY "${OUT}")
execute_process(
    COMMAND "${MAKE_SEEDS}" "${ROOT}/corpus/regressions" "${OUT}/seeds" "${OUT}/text_fuzzer.dict"
    COMMAND_ERROR_IS_FATAL ANY
)

set(advice "run ./dev seeds and commit what it writes")
file(GLOB_RECURSE written RELATIVE "${OUT}/seeds" "${OUT}/seeds/*")
file(GLOB_RECURSE committed RELATIVE "${ROOT}/corpus/seeds" "${ROOT}/corpus/seeds/*")
if(NOT written STREQUAL committed)
    message(FATAL_ERROR "corpus/seeds holds other files than corpus/regressions says: ${advice}")
endif()
if(NOT written)
    message(FATAL_ERROR "there are no seeds")
endif()

function(same a b)
    file(SHA256 "${a}" hash_a)
    file(SHA256 "${b}" hash_b)
    if(NOT hash_a STREQUAL hash_b)
        message(FATAL_ERROR "${a} is stale: ${advice}")
    endif()
endfunction()
foreach(file IN LISTS written)
    same("${ROOT}/corpus/seeds/${file}" "${OUT}/seeds/${file}")
endforeach()
same("${ROOT}/fuzz/oss-fuzz/text_fuzzer.dict" "${OUT}/text_fuzzer.dict")
