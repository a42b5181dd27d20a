// What the token host gives up before it loads a module that nobody of us has written.
#pragma once

#include "keystore/base/result.h"

namespace rootkeep::isolated {

// For this process and every thread it starts from now on, and for good:
// - no more privileges by running a program (PR_SET_NO_NEW_PRIVS), and no capabilities;
// - no core dump, no address space beyond 8 GiB, no file longer than 256 MiB, no more than 1024 open files;
// - unless `network`: only Unix sockets, and a network namespace of its own where the process may make one;
// - no program run, no process made, no signal or limit for another process, nobody traced, nothing mounted, no kernel
//   module or key (seccomp): such calls fail with EPERM.
// What is not on that list is allowed, because modules of every vendor must run here: files and Unix sockets of its
// user above all. INTERNAL when the kernel refuses one of them. Call it before the first thread.
Status Confine(bool network);

}  // namespace rootkeep::isolated
