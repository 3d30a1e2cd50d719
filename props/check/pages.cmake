# SPDX-License-Identifier: Apache-2.0
#
# What --help of CHECK offers, the manual page and the completion in FOLDER offer too, and nothing else.
set(page "${FOLDER}/blkdrain-check.1")

execute_process(COMMAND groff -man -ww -z -Tutf8 "${page}" ERROR_VARIABLE complaints COMMAND_ERROR_IS_FATAL ANY)
if(complaints)
    message(FATAL_ERROR "${complaints}")
endif()

# options_in(<variable> <text>): the long options that it names.
function(options_in variable text)
    string(REGEX MATCHALL "--[a-z][a-z-]*[a-z]" options "${text}")
    list(SORT options)
    list(REMOVE_DUPLICATES options)
    set(${variable} "${options}" PARENT_SCOPE)
endfunction()

function(expect_same what offered found)
    if(NOT offered STREQUAL found)
        message(FATAL_ERROR "${what} has ${found}\n--help has ${offered}")
    endif()
endfunction()

# completed(<variable> <words...>): the options offered behind them.
function(completed variable)
    list(JOIN ARGN " " words)
    list(LENGTH ARGN count)
    execute_process(
        COMMAND
            bash -c
            "source '${FOLDER}/completion.bash'; COMP_WORDS=(${words} --); COMP_CWORD=${count}; _blkdrain_check
             echo \"\${COMPREPLY[*]}\""
        OUTPUT_VARIABLE output
        COMMAND_ERROR_IS_FATAL ANY
    )
    options_in(options "${output}")
    set(${variable} "${options}" PARENT_SCOPE)
endfunction()

execute_process(COMMAND "${CHECK}" --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CHECK}" replay --help OUTPUT_VARIABLE help_replay COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CHECK}" twice --help OUTPUT_VARIABLE help_twice COMMAND_ERROR_IS_FATAL ANY)
options_in(of_check "${help}")
options_in(of_replay "${help_replay}")
options_in(of_twice "${help_twice}")

completed(found blkdrain-check)
expect_same("the completion" "${of_check}" "${found}")
completed(found blkdrain-check replay)
expect_same("the completion of replay" "${of_replay}" "${found}")
completed(found blkdrain-check twice)
expect_same("the completion of twice" "${of_twice}" "${found}")

file(READ "${page}" text)
string(REPLACE "\\-" "-" text "${text}")
string(REGEX REPLACE "\n\\.SH EXAMPLES.*" "" text "${text}")
options_in(found "${text}")
options_in(offered "${help}\n${help_replay}")
expect_same("the manual page" "${offered}" "${found}")
