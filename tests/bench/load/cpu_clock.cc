#include "tests/bench/load/cpu_clock.h"

#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace rootkeep::bench {
namespace {

double TicksToSeconds(double ticks) { return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK)); }

double ProcessSeconds(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(')');  // the name may hold spaces
  if (name_end == std::string::npos) return 0;
  std::istringstream fields(line.substr(name_end + 1));
  std::string ignored;
  for (int i = 0; i < 11; ++i) fields >> ignored;  // proc(5): utime and stime are fields 14 and 15
  double user = 0;
  double system = 0;
  fields >> user >> system;
  return TicksToSeconds(user + system);
}

double MachineSeconds() {
  std::ifstream file("/proc/stat");
  std::string label;
  double user = 0;
  double nice = 0;
  double system = 0;
  double idle = 0;
  double iowait = 0;
  double irq = 0;
  double softirq = 0;
  double steal = 0;
  file >> label >> user >> nice >> system >> idle >> iowait >> irq >> softirq >> steal;
  return TicksToSeconds(user + nice + system + irq + softirq + steal);
}

}  // namespace

CpuReading ReadCpu(std::optional<pid_t> server) {
  timespec own{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  return {.generator = static_cast<double>(own.tv_sec) + static_cast<double>(own.tv_nsec) * 1e-9,
          .server = server ? ProcessSeconds(*server) : 0,
          .machine = MachineSeconds()};
}

}  // namespace rootkeep::bench
