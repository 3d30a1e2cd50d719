# SPDX-License-Identifier: Apache-2.0
#
# cmake -DWORKER=... -DNAME=... -DSCENARIOS=... -P shows_on_real_threads.cmake: so many scenarios of the suite `real` come
# to their end, and with the broken variant one of them hangs.
set(runs "${WORKER}" hash real 1 ${SCENARIOS})
execute_process(COMMAND ${runs} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT result EQUAL 0)
    message(FATAL_ERROR "without the canary: ${result}\n${output}")
endif()
execute_process(COMMAND ${runs} "${NAME}" RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(result EQUAL 0 OR NOT output MATCHES "watchdog: nothing has come to rest")
    message(FATAL_ERROR "none of ${SCENARIOS} scenarios hangs: ${result}\n${output}")
endif()
