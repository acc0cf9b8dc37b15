// SPDX-License-Identifier: Apache-2.0
#include "kube/informer.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <utility>

#include "kube/page_size.hpp"

namespace bulla::kube {

namespace asio = boost::asio;

struct Informer::Impl {
  Impl(const Client& to, InformerOptions how, Random& chance, OnEvent event, OnError error)
      : client(to.with_own_connections()),
        options(std::move(how)),
        random(chance),
        on_event(std::move(event)),
        on_error(std::move(error)),
        backoff(options.backoff, chance),
        page_size(options.list.page_objects),
        pause(client.executor()) {}

  Client client;  ///< with connections of its own: cancel() closes them
  InformerOptions options;
  Random& random;
  OnEvent on_event;
  OnError on_error;
  Backoff backoff;
  PageSize page_size;
  asio::steady_timer pause;
  Watcher watcher = {};
  std::optional<Watch> watch = {};
  SteadyTime watch_since = {};
  bool cancelled = false;
  bool start_anew = false;  ///< list_again() was called
  bool ready = false;

  void tell(Watcher::Step& step);
  [[nodiscard]] std::chrono::milliseconds watch_time();
  [[nodiscard]] Awaitable<void> wait(std::optional<std::chrono::seconds> at_least);
  [[nodiscard]] Awaitable<Watcher::Step> list(std::string continue_token);
  [[nodiscard]] Awaitable<Watcher::Step> start_watch(std::string resource_version);
  [[nodiscard]] Awaitable<Watcher::Step> read_event();
  [[nodiscard]] Awaitable<Watcher::Step> act(Watcher::Step step);
};

void Informer::Impl::tell(Watcher::Step& step) {
  for (const auto& error : step.errors) on_error(error);
  for (auto& event : step.events) {
    if (cancelled) return;
    if (event.kind == ObjectEvent::Kind::init_done) ready = true;
    on_event(std::move(event));
  }
  step.events.clear();
}

std::chrono::milliseconds Informer::Impl::watch_time() {
  // Spread out, so that watches which began together do not end together.
  const auto spread = options.watch_max - options.watch_min;
  const auto bound = static_cast<std::uint32_t>(std::max<std::int64_t>(spread.count(), 0)) + 1;
  return options.watch_min + std::chrono::milliseconds(random.below(bound));
}

Awaitable<void> Informer::Impl::wait(std::optional<std::chrono::seconds> at_least) {
  std::chrono::milliseconds delay = backoff.next(std::chrono::steady_clock::now());
  if (at_least) delay = std::max<std::chrono::milliseconds>(delay, *at_least);
  pause.expires_after(delay);
  boost::system::error_code ignored;
  co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Awaitable<Watcher::Step> Informer::Impl::list(std::string continue_token) {
  while (true) {
    options.list.page_objects = page_size.objects();
    auto page = co_await client.list_page(options.list, continue_token);
    if (page) {
      page_size.page_arrived(page->items.size(), page->bytes);
      co_return watcher.page_arrived(std::move(*page));
    }
    const bool smaller = page.error().code == Errc::rejected && page_size.was_too_large();
    if (!smaller || cancelled) co_return watcher.list_failed(std::move(page).error());
  }
}

Awaitable<Watcher::Step> Informer::Impl::start_watch(std::string resource_version) {
  watch_since = std::chrono::steady_clock::now();
  auto started = co_await client.watch(options.list, std::move(resource_version), watch_time());
  if (!started) co_return watcher.watch_refused(std::move(started).error());
  watch = std::move(*started);
  co_return watcher.watch_started();
}

Awaitable<Watcher::Step> Informer::Impl::read_event() {
  auto event = co_await watch->next();
  if (event && *event) co_return watcher.event_arrived(std::move(**event));
  const bool unreadable = !event && event.error().code != Errc::unavailable;
  if (unreadable) co_return watcher.event_unreadable(std::move(event).error());
  const auto lived = std::chrono::steady_clock::now() - watch_since;
  co_return watcher.watch_ended(lived < options.short_lived);
}

Awaitable<Watcher::Step> Informer::Impl::act(Watcher::Step step) {
  if (step.action != Watcher::Action::next_event) watch.reset();
  if (step.after_backoff) {
    std::optional<std::chrono::seconds> at_least;
    if (!step.errors.empty()) at_least = step.errors.back().retry_after;
    co_await wait(at_least);
  }
  if (cancelled || start_anew) co_return step;
  Watcher::Step next;
  switch (step.action) {
    case Watcher::Action::list: next = co_await list(std::move(step.continue_token)); break;
    case Watcher::Action::watch:
      next = co_await start_watch(std::move(step.resource_version));
      break;
    case Watcher::Action::next_event: next = co_await read_event(); break;
  }
  co_return next;
}

Informer::Informer(const Client& client, InformerOptions options, Random& random, OnEvent on_event,
                   OnError on_error)
    : impl_(std::make_unique<Impl>(client, std::move(options), random, std::move(on_event),
                                   std::move(on_error))) {}

Informer::~Informer() { impl_->client.close(); }

Awaitable<void> Informer::run() {
  auto step = impl_->watcher.start();
  while (!impl_->cancelled) {
    auto next = co_await impl_->act(std::move(step));
    step = std::move(next);
    // What was under way is of the old time, and so is what it brought.
    if (std::exchange(impl_->start_anew, false)) step = impl_->watcher.start();
    if (!impl_->cancelled) impl_->tell(step);
  }
}

void Informer::list_again() noexcept {
  impl_->start_anew = true;
  impl_->client.break_off();
  impl_->pause.cancel();
}

void Informer::cancel() noexcept {
  impl_->cancelled = true;
  impl_->client.close();
  impl_->pause.cancel();
}

bool Informer::ready() const noexcept { return impl_->ready; }

}  // namespace bulla::kube
