# SPDX-License-Identifier: Apache-2.0
#
# cmake -DTARGET=... -DNAME=... -DRULE=... -DOUT=... -P canary_is_found.cmake: the target finds the broken variant by itself,
# with nothing to begin with, in 60 s of one core, and says which rule it breaks. The addresses are the same each time, for
# the depth of the stack is one of the things the engine goes by.
file(REMOVE_RECURSE "${OUT}")
file(MAKE_DIRECTORY "${OUT}")
set(ENV{BLKDRAIN_CANARY} "${NAME}")
execute_process(
    COMMAND prlimit --cpu=60 setarch -R "${TARGET}" -seed=1 -max_len=400 -entropic=0 "-artifact_prefix=${OUT}/"
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output
)
if(result EQUAL 0 OR NOT output MATCHES "finding: [a-z]+ ${RULE}[ \n]")
    message(FATAL_ERROR "${NAME} is not found as ${RULE}, the status is ${result}:\n${output}")
endif()
file(GLOB crash "${OUT}/crash-*")
if(NOT crash)
    message(FATAL_ERROR "the engine has written no file:\n${output}")
endif()
# The file alone shows it again.
execute_process(COMMAND "${TARGET}" ${crash} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0 OR NOT output MATCHES "finding: [a-z]+ ${RULE}[ \n]" OR output MATCHES "NOT found again")
    message(FATAL_ERROR "${crash} does not show it again:\n${output}")
endif()
