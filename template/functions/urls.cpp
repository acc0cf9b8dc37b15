// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <string>

#include "template/functions/common.hpp"
#include "template/go/url.hpp"

namespace bulla::tmpl {
namespace {

Result<Value> url_parse(Context& context, Arguments arguments) {
  const auto url = go::parse_url(arguments[0].as_text(), quoting(context));
  if (!url) return context.failure("unable to parse url: " + url.error().message);
  auto out = context.new_dict();
  const auto set = [&](std::string_view key, std::string_view text) {
    out->set(key, Value::string(text));
  };
  set("scheme", url->scheme.expose_secret_text());
  set("host", url->host.expose_secret_text());
  set("hostname", url->host_name());
  set("path", url->path.expose_secret_text());
  set("query", url->query.expose_secret_text());
  set("opaque", url->opaque.expose_secret_text());
  set("fragment", url->fragment.expose_secret_text());
  out->set("userinfo", Value::string(url->user ? url->user->to_text() : SecretBuffer()));
  return Value::dict(std::move(out));
}

/// A part of the URL, "" if it is missing.
Result<SecretBuffer> part(Context& context, const Dict& dict, std::string_view key) {
  const auto* value = dict.find(key);
  if (value == nullptr) return SecretBuffer();
  if (value->is_string()) return SecretBuffer::copy_of(value->as_text());
  return context.failure("unable to parse " + std::string(key) +
                         " key, must be of type string, but " +
                         std::string(kind_name(value->type())) + " found");
}

/// "user:password" as it stands in a URL.
Result<std::optional<go::UserInfo>> user_info(Context& context, const SecretBuffer& text) {
  if (text.empty()) return std::optional<go::UserInfo>();
  SecretBuffer url;
  url.append("proto://");
  url.append(text.expose_secret_text());
  url.append("@host");
  auto parsed = go::parse_url(url.expose_secret_text(), quoting(context));
  if (!parsed)
    return context.failure("unable to parse userinfo in dict: " + parsed.error().message);
  return std::move(parsed->user);
}

Result<Value> url_join(Context& context, Arguments arguments) {
  const auto& dict = arguments[0].as_dict();
  go::Url url;
  const std::array<std::pair<std::string_view, SecretBuffer*>, 6> parts = {
      {{"scheme", &url.scheme},
       {"host", &url.host},
       {"path", &url.path},
       {"query", &url.query},
       {"opaque", &url.opaque},
       {"fragment", &url.fragment}}};
  for (const auto& [key, into] : parts) {
    auto text = part(context, dict, key);
    if (!text) return std::move(text).error();
    *into = std::move(*text);
  }
  const auto written = part(context, dict, "userinfo");
  if (!written) return written.error();
  auto user = user_info(context, *written);
  if (!user) return std::move(user).error();
  url.user = std::move(*user);
  return Value::string(url.to_text());
}

constexpr Function table[] = {
    {"urlJoin", {Type::any_dict}, url_join},
    {"urlParse", {Type::string}, url_parse},
};

}  // namespace

std::span<const Function> url_functions() noexcept { return table; }

}  // namespace bulla::tmpl
