// SPDX-License-Identifier: Apache-2.0
#include "kube/watcher.hpp"

#include "kube/object.hpp"
#include "kube/status.hpp"

namespace bulla::kube {
namespace {

constexpr unsigned refused_in_a_row_max = 10;

/// Without a name an object cannot be queued, compared or reported.
bool is_nameable(const boost::json::value& object) noexcept { return !name_of(object).empty(); }

Error unnameable(const char* where) {
  return {Errc::invalid_input, std::string(where) + " holds an object without metadata.name"};
}

}  // namespace

Watcher::Step Watcher::list_again(bool after_backoff) {
  state_ = State::empty;
  resource_version_.clear();
  refused_in_a_row_ = 0;
  Step step;
  // `init` comes with the first page, so that a server that is away leaves the owner's store alone.
  step.action = Action::list;
  step.after_backoff = after_backoff;
  return step;
}

Watcher::Step Watcher::watch_again(bool after_backoff) {
  state_ = State::listed;
  Step step;
  step.action = Action::watch;
  step.after_backoff = after_backoff;
  step.resource_version = resource_version_;
  return step;
}

Watcher::Step Watcher::start() { return list_again(false); }

Watcher::Step Watcher::page_arrived(ListPage page) {
  Step step;
  if (page.continue_token.empty() && page.resource_version.empty()) {
    step = list_again(true);
    step.errors.push_back(
        {Errc::unavailable, "the list has no resourceVersion, so it cannot be watched"});
    return step;
  }
  if (state_ == State::empty) step.events.push_back({ObjectEvent::Kind::init});
  state_ = State::listing;
  for (auto& item : page.items) {
    if (is_nameable(item)) {
      step.events.push_back({ObjectEvent::Kind::init_apply, std::move(item)});
    } else {
      step.errors.push_back(unnameable("the list"));
    }
  }
  if (!page.continue_token.empty()) {
    step.action = Action::list;
    step.continue_token = std::move(page.continue_token);
    return step;
  }
  step.events.push_back({ObjectEvent::Kind::init_done});
  resource_version_ = std::move(page.resource_version);
  auto next = watch_again(false);
  next.events = std::move(step.events);
  next.errors = std::move(step.errors);
  return next;
}

Watcher::Step Watcher::list_failed(Error error) {
  if (error.code == Errc::gone) {
    ++gone_in_a_row_;
    return list_again(gone_in_a_row_ > 1);
  }
  auto step = list_again(true);
  step.errors.push_back(std::move(error));
  return step;
}

Watcher::Step Watcher::watch_started() {
  state_ = State::watching;
  refused_in_a_row_ = 0;
  brought_something_ = false;
  Step step;
  step.action = Action::next_event;
  return step;
}

Watcher::Step Watcher::watch_refused(Error error) {
  // A version that expires again right after each list would otherwise make us list without rest.
  if (error.code == Errc::gone) return list_again(++gone_in_a_row_ > 1);
  Step step;
  if (error.code != Errc::unavailable || ++refused_in_a_row_ >= refused_in_a_row_max) {
    step = list_again(true);
  } else {
    step = watch_again(true);
  }
  step.errors.push_back(std::move(error));
  return step;
}

Watcher::Step Watcher::watch_error(const boost::json::value& status) {
  auto error = status_error(status);
  if (error.code == Errc::gone) return list_again(++gone_in_a_row_ > 1);
  auto step = error.code == Errc::unavailable ? watch_again(true) : list_again(true);
  step.errors.push_back(std::move(error));
  return step;
}

Watcher::Step Watcher::event_arrived(WatchEvent event) {
  if (event.type == "ERROR") return watch_error(event.object);
  Step step;
  step.action = Action::next_event;
  const bool is_removal = event.type == "DELETED";
  const bool is_change = event.type == "ADDED" || event.type == "MODIFIED" || is_removal;
  if (!is_change && event.type != "BOOKMARK") {
    step.errors.push_back(
        {Errc::invalid_input, "watch event of unknown type " + quoted(event.type)});
    return step;
  }
  const auto version = resource_version_of(event.object);
  if (!version.empty()) resource_version_ = version;
  gone_in_a_row_ = 0;
  brought_something_ = true;
  if (!is_change) return step;
  if (!is_nameable(event.object)) {
    step.errors.push_back(unnameable("the watch"));
    return step;
  }
  const auto kind = is_removal ? ObjectEvent::Kind::remove : ObjectEvent::Kind::apply;
  step.events.push_back({kind, std::move(event.object)});
  return step;
}

Watcher::Step Watcher::event_unreadable(Error error) {
  auto step = list_again(true);
  step.errors.push_back(std::move(error));
  return step;
}

Watcher::Step Watcher::watch_ended(bool short_lived) {
  return watch_again(short_lived && !brought_something_);
}

}  // namespace bulla::kube
