// Processor time as the kernel accounts it.
#pragma once

#include <sys/types.h>

#include <optional>

namespace rootkeep::bench {

// Seconds of processor time; each counts from some point in the past, so only differences mean anything.
struct CpuReading {
  double generator = 0;
  double server = 0;   // user and system time of all its threads; 0 when there is no server to watch
  double machine = 0;  // everything that ran on any processor, and what the hypervisor took away
};

// Reads /proc/<server>/stat and /proc/stat, which count in steps of 10 ms. A server that is gone reads as 0.
CpuReading ReadCpu(std::optional<pid_t> server);

}  // namespace rootkeep::bench
