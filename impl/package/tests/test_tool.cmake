# SPDX-License-Identifier: Apache-2.0

# test_tool(<variable> <program>): finds a program without which tests are left out. That is said, and where it is not to
# happen, because all that is left out would count as passed, it is an error.
function(test_tool variable program)
    find_program(${variable} ${program})
    mark_as_advanced(${variable})
    if(NOT ${variable})
        if(BLKDRAIN_REQUIRE_ALL_TESTS)
            set(kind FATAL_ERROR)
        else()
            set(kind STATUS)
        endif()
        message(${kind} "${program} is missing, and the tests that need it are left out")
    endif()
endfunction()
