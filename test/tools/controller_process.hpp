// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api_server.hpp"

namespace bulla::test {

/// The controller program in a process of its own, at work for a server of this process. Its ports
/// are on loopback, and known from its log, which must hold INFO; that and its kubeconfig lie in a
/// folder that goes with it.
///
/// Errors: std::runtime_error, with the end of the log, when the program does not come up, or ends
/// otherwise than cleanly.
class ControllerProcess {
 public:
  ControllerProcess(const std::string& program, const ApiServer& server,
                    const std::vector<std::string>& flags = {});
  ~ControllerProcess();  ///< SIGKILL, if it still runs
  ControllerProcess(const ControllerProcess&) = delete;
  ControllerProcess& operator=(const ControllerProcess&) = delete;

  void stop();  ///< SIGTERM, and waits for its end
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  /// The sample of that name, which starts behind "sealed_secrets_controller_"; 0: there is none.
  [[nodiscard]] double metric(std::string_view name) const;
  /// Status and body, "200 ok": of POST if there is a body, else of GET.
  [[nodiscard]] std::string ask(std::string_view path, std::string_view body = {}) const;
  [[nodiscard]] std::string log() const;

  struct Usage {
    long resident_kib = 0;
    long resident_max_kib = 0;
    double cpu_seconds = 0;
  };
  [[nodiscard]] Usage usage() const;

 private:
  void start(const std::string& program, const std::vector<std::string>& flags);
  [[nodiscard]] std::uint16_t port_after(std::string_view message) const;
  [[noreturn]] void fail(const std::string& what) const;

  std::string folder_;
  pid_t pid_ = 0;
  std::uint16_t http_port_ = 0;
  std::uint16_t metrics_port_ = 0;
};

/// Asks over and over, 20 times a second, until the answer is yes.
/// Errors: std::runtime_error("no ... in time") after ten minutes.
void wait_until(const std::string& what, const std::function<bool()>& holds);

}  // namespace bulla::test
