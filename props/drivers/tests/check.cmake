# SPDX-License-Identifier: Apache-2.0
#
# PROGRAM checks its driver or owner: it must end with STATUS and say something like SAYS. What it has found it must find again.
# What is faulty ends at once, but under a sanitizer runs are twenty times slower.
set(seconds 8)
if(STATUS EQUAL 1)
    set(seconds 100)
endif()
file(REMOVE_RECURSE "${OUT}")
execute_process(
    COMMAND "${PROGRAM}" --seconds ${seconds} --seed 1 --jobs 1 --out "${OUT}"
    RESULT_VARIABLE status
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
message("${output}")
if(NOT status EQUAL STATUS OR NOT output MATCHES "${SAYS}")
    message(FATAL_ERROR "ended with ${status}, not ${STATUS}, or does not say: ${SAYS}")
endif()
file(GLOB minimal "${OUT}/*/minimal.*")
if(STATUS EQUAL 1)
    execute_process(COMMAND "${PROGRAM}" replay "${minimal}" RESULT_VARIABLE status)
    if(status EQUAL 0)
        message(FATAL_ERROR "what it was reduced to does not show it")
    endif()
endif()
