// SPDX-License-Identifier: Apache-2.0
#include "template/budget.hpp"

#include <string>

namespace bulla::tmpl {

Error Budget::bound(std::string_view what, std::size_t most) const {
  reached_a_bound_ = true;
  return {Errc::invalid_input, std::string(what) + " (at most " + std::to_string(most) + ")"};
}

Error Budget::too_many_steps() {
  use_up();
  return bound("the template takes too many steps", limits_.steps_max);
}

Error Budget::out_of_memory() const {
  return bound("the template's values take too much memory, in bytes", limits_.memory_bytes_max);
}

Result<void> Budget::check_time() {
  since_look_ = 0;
  if (has_time()) return {};
  use_up();
  const auto most = std::chrono::duration_cast<std::chrono::milliseconds>(limits_.time_max);
  return bound("the template takes too long, in milliseconds",
               static_cast<std::size_t>(most.count()));
}

Result<void> Budget::spend_output(std::size_t bytes) {
  const auto most = limits_.output_bytes_max;
  if (bytes > most - output_bytes_) {
    reached_a_bound_ = true;
    return Error{Errc::invalid_input,
                 "the output grows too long (at most " + std::to_string(most) + " bytes)"};
  }
  output_bytes_ += bytes;
  return spend_bytes(bytes);
}

}  // namespace bulla::tmpl
