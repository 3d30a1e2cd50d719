# SPDX-License-Identifier: Apache-2.0
#
# A program that is missing is said to be, and ends a configuration that requires all tests.
include("${CMAKE_CURRENT_LIST_DIR}/test_tool.cmake")

if(PROGRAM)
    test_tool(found "${PROGRAM}")
    message(STATUS "found: ${found}")
    return()
endif()

# expect(<required> <program> <pattern of the exit status> <pattern of what is said>)
function(expect required program status_pattern pattern)
    execute_process(
        COMMAND
            "${CMAKE_COMMAND}" -DBLKDRAIN_REQUIRE_ALL_TESTS=${required} -DPROGRAM=${program} -P
            "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        RESULT_VARIABLE status
        OUTPUT_VARIABLE output
        ERROR_VARIABLE output
    )
    if(NOT status MATCHES "${status_pattern}" OR NOT output MATCHES "${pattern}")
        message(FATAL_ERROR "${program}, required ${required}: ended with ${status}: ${output}")
    endif()
endfunction()

expect(ON sh "^0$" "found: /")
expect(OFF no-such-program "^0$" "no-such-program is missing.*found: .*NOTFOUND")
expect(ON no-such-program "^[1-9]" "CMake Error.*no-such-program is missing")
