// SPDX-License-Identifier: Apache-2.0
#include "kube/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "base/text.hpp"

namespace bulla::kube {

namespace {

Error failure(int number) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): glibc's is safe
  return {Errc::invalid_input, to_lower(std::strerror(number))};
}

bool has_terminal() {
  return static_cast<bool>(Descriptor(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)));
}

/// How the program starts: standard input as decided, standard output into our pipe, nothing else
/// open but standard error, and signals as a program expects them (we ignore SIGPIPE).
class SpawnOptions {
 public:
  SpawnOptions(bool has_our_input, int output, bool leads_group) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    if (!has_our_input) {
      ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    }
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    sigset_t signals;
    sigemptyset(&signals);
    ::posix_spawnattr_setsigmask(&attributes_, &signals);
    sigaddset(&signals, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &signals);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    const int group = leads_group ? POSIX_SPAWN_SETPGROUP : 0;
    ::posix_spawnattr_setflags(
        &attributes_, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group));
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;
  ~SpawnOptions() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  [[nodiscard]] const posix_spawn_file_actions_t* actions() const noexcept { return &actions_; }
  [[nodiscard]] const posix_spawnattr_t* attributes() const noexcept { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_ = {};
  posix_spawnattr_t attributes_ = {};
};

// --- signals that end us -------------------------------------------------------------------------

constexpr std::array<int, 4> ending_signals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};
/// The group to pass them on to; 0: none. One at a time.
std::atomic<pid_t> signalled_group{0};
static_assert(std::atomic<pid_t>::is_always_lock_free);  // for a signal handler

extern "C" void pass_on_and_end(int number) {
  if (const pid_t group = signalled_group.load(); group > 0) (void)::kill(-group, number);
  (void)::signal(number, SIG_DFL);
  (void)::raise(number);
}

/// A signal that would end us reaches the group first. What a program handles or ignores stays so.
void pass_signals_on_to(pid_t group) {
  pid_t none = 0;
  if (!signalled_group.compare_exchange_strong(none, group)) return;
  for (const int number : ending_signals) {
    struct sigaction now {};
    (void)::sigaction(number, nullptr, &now);
    if (now.sa_handler == SIG_DFL) (void)::signal(number, pass_on_and_end);
  }
}

void pass_signals_no_more(pid_t group) {
  if (!signalled_group.compare_exchange_strong(group, 0)) return;
  for (const int number : ending_signals) {
    struct sigaction now {};
    (void)::sigaction(number, nullptr, &now);
    if (now.sa_handler == pass_on_and_end) (void)::signal(number, SIG_DFL);
  }
}

/// While it lives, those signals wait: none comes between the program's start and the group's
/// number.
class HeldSignals {
 public:
  HeldSignals() {
    sigset_t held;
    sigemptyset(&held);
    for (const int number : ending_signals) sigaddset(&held, number);
    ::pthread_sigmask(SIG_BLOCK, &held, &before_);
  }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_ = {};
};

}  // namespace

ChildProcess::ChildProcess(pid_t pid, bool leads_group, Descriptor output) noexcept
    : pid_(pid), leads_group_(leads_group), output_(std::move(output)) {}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, 0)),
      leads_group_(other.leads_group_),
      output_(std::move(other.output_)) {}

ChildProcess::~ChildProcess() {
  if (pid_ != 0) stop(std::chrono::milliseconds(0));
}

Result<ChildProcess> ChildProcess::start(const Start& start) {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure(errno);
  Descriptor output(ends[0]);
  const Descriptor input(ends[1]);
  if (::fcntl(output.get(), F_SETFL, O_NONBLOCK) != 0) return failure(errno);
  const bool leads_group = !has_terminal();
  const SpawnOptions options(start.has_our_input, input.get(), leads_group);
  const HeldSignals held;
  pid_t pid = 0;
  const int number = ::posix_spawn(&pid, start.path.c_str(), options.actions(),
                                   options.attributes(), start.arguments, start.environment);
  if (number != 0) return failure(number);
  if (leads_group) pass_signals_on_to(pid);
  return ChildProcess(pid, leads_group, std::move(output));
}

bool ChildProcess::has_ended() const noexcept {
  if (pid_ == 0) return true;
  siginfo_t info{};
  // It stays a zombie: its number, and that of its group, are nobody else's yet.
  const int failed = ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT);
  return failed != 0 || info.si_pid != 0;
}

int ChildProcess::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  if (leads_group_) pass_signals_no_more(pid_);
  pid_ = 0;
  return status;
}

void ChildProcess::signal(int number) const noexcept {
  (void)::kill(leads_group_ ? -pid_ : pid_, number);
}

void ChildProcess::stop(std::chrono::milliseconds grace) {
  constexpr std::chrono::milliseconds between_looks(10);
  const auto end = std::chrono::steady_clock::now() + grace;
  signal(SIGTERM);
  signal(SIGCONT);  // what is stopped would not see it
  while (!has_ended() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(between_looks);
  signal(SIGKILL);
  (void)wait();
}

}  // namespace bulla::kube
