# SPDX-License-Identifier: Apache-2.0
#
# The shared LIBRARY offers its public classes and functions and nothing else of its own.
execute_process(
    COMMAND "${NM}" --dynamic --defined-only --demangle --extern-only "${LIBRARY}"
    OUTPUT_VARIABLE symbols
    COMMAND_ERROR_IS_FATAL ANY
)
string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
set(ours 0)
foreach(symbol IN LISTS symbols)
    # Weak ones are templates and inline functions of the standard library, which every object may offer.
    if(symbol MATCHES "^[0-9a-f]+ [TDBR] (.*)$")
        if(NOT CMAKE_MATCH_1 MATCHES "^((vtable|typeinfo|typeinfo name|VTT) for )?blkdrain::")
            list(APPEND strangers "${CMAKE_MATCH_1}")
        elseif(CMAKE_MATCH_1 MATCHES "ControlPlane::|LoopCore::|::os::")
            list(APPEND strangers "${CMAKE_MATCH_1}")
        else()
            math(EXPR ours "${ours} + 1")
        endif()
    endif()
endforeach()
if(strangers)
    list(JOIN strangers "\n  " strangers)
    message(FATAL_ERROR "not meant to be seen from outside:\n  ${strangers}")
endif()
if(ours LESS 50)
    message(FATAL_ERROR "only ${ours} symbols: is ${LIBRARY} the library?")
endif()
message(STATUS "${ours} symbols")
