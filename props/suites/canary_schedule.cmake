# SPDX-License-Identifier: Apache-2.0
#
# cmake -DCHECK=... -DNAME=... -DFILE=... -DOUT=... -P canary_schedule.cmake: the schedule of the file shows the broken variant; nothing
# else is wrong with it, and it does not show where stores cannot wait.
file(MAKE_DIRECTORY "${OUT}")

# expect(<status> <file> <arguments...>)
function(expect status file)
    execute_process(COMMAND "${CHECK}" replay "${file}" ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL status)
        message(FATAL_ERROR "replay ${file} ${ARGN}: status ${result}, expected ${status}:\n${output}")
    endif()
endfunction()

file(READ "${FILE}" text)
string(REPLACE " memory tso" "" without "${text}")
if(without STREQUAL text)
    message(FATAL_ERROR "${FILE} does not ask for total store order")
endif()
file(WRITE "${OUT}/${NAME}.scn" "${without}")

expect(1 "${FILE}" --canary "${NAME}" --strict)
expect(0 "${FILE}")
expect(0 "${OUT}/${NAME}.scn" --canary "${NAME}")
