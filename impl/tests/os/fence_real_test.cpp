// SPDX-License-Identifier: Apache-2.0
//
// The light fence of the real world, where the kernel offers process-wide barriers and where it
// refuses them.
#include <array>
#include <cerrno>
#include <cstddef>

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/backend.h"

namespace {

TEST(FenceChoice, follows_what_the_kernel_offers) {
    const bool offered = ::syscall(__NR_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0U, 0) == 0;
    EXPECT_EQ(blkdrain::os::detail::process_barrier_available, offered);
}

// From here on, in this process and what it executes, the kernel refuses membarrier.
bool refuse_process_barriers() {
    std::array<sock_filter, 4> program{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_membarrier, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    const sock_fprog filter{program.size(), program.data()};
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

TEST(FenceRefused, the_handshake_holds_with_full_fences_instead) {
    constexpr int cannot_refuse = 77;
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        if (!refuse_process_barriers()) {
            ::_exit(cannot_refuse);
        }
        ::execl("/proc/self/exe", "os_conformance", "--gtest_filter=Fence.*:FenceChoice.*",
                nullptr);
        ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    if (WEXITSTATUS(status) == cannot_refuse) {
        GTEST_SKIP() << "this system lets no process refuse itself system calls";
    }
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
