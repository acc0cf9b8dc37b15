// SPDX-License-Identifier: Apache-2.0
#include "controller/options.hpp"

#include <doctest/doctest.h>

namespace bulla::test {

namespace {

Result<CommandLine> parse(std::vector<const char*> arguments) {
  return parse_command_line(arguments);
}

}  // namespace

TEST_CASE("the defaults are the reference's") {
  const auto line = parse({});
  REQUIRE(line.has_value());
  const Options& o = line->options;
  CHECK(line->mode == CommandLine::Mode::run);
  CHECK(o.key_prefix == "sealed-secrets-key");
  CHECK(o.key_size == 4096);
  CHECK(format_go_duration(o.key_ttl) == "87600h0m0s");
  CHECK(format_go_duration(o.key_renew_period) == "720h0m0s");
  CHECK(o.key_order == KeyOrder::certificate_not_before);
  CHECK(o.all_namespaces);
  CHECK(o.accept_deprecated_v1_data);
  CHECK(o.update_status);
  CHECK_FALSE(o.skip_recreate);
  CHECK(o.listen_addr == ":8080");
  CHECK(o.listen_metrics_addr == ":8081");
  CHECK(format_go_duration(o.read_timeout) == "2m0s");
  CHECK(o.log.info_to_stdout);
  CHECK(o.leader_elect);
  CHECK(o.election_timings().lease == std::chrono::seconds(4));
  CHECK(o.election_timings().renew_deadline == std::chrono::milliseconds(2500));
  CHECK(o.election_timings().retry == std::chrono::seconds(1));
  CHECK(o.lease_name == "sealed-secrets-controller");
  CHECK_FALSE(o.request_rate().has_value());
}

TEST_CASE("every flag of the reference is accepted") {
  const auto line = parse({"--accept-deprecated-v1-data=false",
                           "--additional-namespaces=a,b",
                           "--all-namespaces=false",
                           "--key-cutoff-time=Mon, 02 Jan 2006 15:04:05 -0700",
                           "--key-order-priority=SecretCreationTimestamp",
                           "--key-prefix=k",
                           "--key-renew-period=1h",
                           "--key-size=2048",
                           "--key-ttl=2h",
                           "--kubeclient-burst=10",
                           "--kubeclient-qps=5.5",
                           "--label-selector=a=b",
                           "--listen-addr=:1",
                           "--listen-metrics-addr=:2",
                           "--log-format=json",
                           "--log-info-stdout=false",
                           "--log-level=ERROR",
                           "--max-unseal-retries=5",
                           "--my-cn=me",
                           "--old-gc-behavior",
                           "--privatekey-annotations=a=1,b=2",
                           "--privatekey-labels=c=3",
                           "--rate-limit=2",
                           "--rate-limit-burst=2",
                           "--read-timeout=1m",
                           "--skip-recreate",
                           "--update-status=false",
                           "--watch-for-secrets",
                           "--write-timeout=1m"});
  REQUIRE(line.has_value());
  const Options& o = line->options;
  CHECK_FALSE(o.accept_deprecated_v1_data);
  CHECK(o.namespaces() == std::vector<std::string>{"default", "a", "b"});
  REQUIRE(o.key_cutoff_time.has_value());
  CHECK(format_rfc3339(*o.key_cutoff_time) == "2006-01-02T22:04:05Z");
  CHECK(o.key_order == KeyOrder::secret_creation);
  CHECK(o.key_annotations == std::map<std::string, std::string>{{"a", "1"}, {"b", "2"}});
  CHECK(o.key_labels == std::map<std::string, std::string>{{"c", "3"}});
  CHECK(o.log.level == LogLevel::error);
  CHECK(o.log.format == LogFormat::json);
  REQUIRE(o.request_rate().has_value());
  CHECK(o.request_rate()->per_second == 5.5);
  CHECK(o.request_rate()->burst == 10);
}

TEST_CASE("the rate of requests is what client-go makes of the flags") {
  struct Case {
    std::vector<const char*> arguments;
    double per_second;  // 0: no limit
    int burst;
  };
  const Case cases[] = {
      {{"--kubeclient-qps=20"}, 20, 10},
      {{"--kubeclient-burst=3"}, 5, 3},
      {{"--kubeclient-qps=0.5", "--kubeclient-burst=1"}, 0.5, 1},
      {{"--kubeclient-qps=0", "--kubeclient-burst=0"}, 5, 10},
      {{"--kubeclient-qps=-1", "--kubeclient-burst=7"}, 0, 0},
  };
  for (const auto& c : cases) {
    CAPTURE(c.arguments.front());
    const auto line = parse(c.arguments);
    REQUIRE(line.has_value());
    const auto rate = line->options.request_rate();
    REQUIRE(rate.has_value() == (c.per_second > 0));
    if (!rate) continue;
    CHECK(rate->per_second == c.per_second);
    CHECK(rate->burst == c.burst);
  }
}

TEST_CASE("what can't be understood is refused") {
  struct Case {
    const char* argument;
    const char* says;
  };
  const Case cases[] = {
      {"--nosuch", "unknown flag: --nosuch"},
      {"--key-size=1024", "--key-size 1024 is not between 2048 and 8192"},
      {"--key-ttl=0", "--key-ttl must be more than 0"},
      {"--key-ttl=2562000h", "is more than a hundred years"},
      {"--key-renew-period=-1h", "--key-renew-period must not be less than 0"},
      {"--key-prefix=", "--key-prefix must not be empty"},
      {"--key-prefix=\"keys\"", "--key-prefix \"\\\"keys\\\"\": names of Secrets are made of"},
      {"--key-prefix=Keys", "names of Secrets"},
      {"--key-prefix=-keys", "names of Secrets"},
      {"--key-renew-period=30d", "time: invalid duration \"30d\""},
      {"--rate-limit=0", "--rate-limit must be at least 1"},
      {"--rate-limit-burst=-1", "--rate-limit-burst must not be less than 0"},
      {"--kubeclient-qps=many", "parsing \"many\": invalid syntax"},
      {"--kubeclient-qps=inf", "parsing \"inf\": invalid syntax"},
      {"--kubeclient-burst=1.5", "parsing \"1.5\": invalid syntax"},
      {"--tls-cert-file=x", "--tls-cert-file and --tls-key-file need each other"},
      {"--leader-elect-lease-duration=2s",
       "--leader-elect-lease-duration 2s, --leader-elect-renew-deadline 2.5s, "
       "--leader-elect-retry-period 1s: the lease duration must be longer than the renew deadline"},
      {"--leader-elect-renew-deadline=1s", "must be longer than 1.2 retry periods"},
      {"--leader-elect-retry-period=0", "must be above zero"},
      {"--leader-elect-lease-duration=4500ms", "in whole seconds"},
      {"--leader-elect-resource-name=", "--leader-elect-resource-name must not be empty"},
      {"word", "unexpected argument \"word\""},
      {"--log-level=loud", "\"loud\" is none of DEBUG, INFO, WARN and ERROR"},
      {"--log-level=INFO+", "none of DEBUG"},
      {"--log-level=INFO 1", "none of DEBUG"},
      {"--log-level=", "none of DEBUG"},
      {"--log-format=xml", "neither text nor json"},
      {"--key-ttl=soon", "time: invalid duration \"soon\""},
      {"--key-cutoff-time=yesterday", "is no RFC 1123 time"},
      {"--privatekey-labels=x", "\"x\" is not of the form key=value"},
      {"--additional-secret-labels=x", "\"x\" is not of the form key=value"},
      {"--additional-secret-labels=a=1,b=2,a=3", "\"a\" stands there twice"},
      {"--additional-secret-labels=a=b c", "which no label may have"},
      {"--additional-secret-annotations=sealedsecrets.bitnami.com/managed=true",
       "--additional-secret-annotations: \"sealedsecrets.bitnami.com/managed\""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.argument);
    const auto line = parse({c.argument});
    REQUIRE_FALSE(line.has_value());
    CHECK(line.error().message.find(c.says) != std::string::npos);
  }
}

TEST_CASE("log levels are read as the reference reads them") {
  struct Case {
    const char* level;
    LogLevel lines;
  };
  const Case cases[] = {
      {"DEBUG", LogLevel::info},    {"INFO", LogLevel::info},    {"info", LogLevel::info},
      {"INFO-2", LogLevel::info},   {"WARN", LogLevel::error},   {"INFO+1", LogLevel::error},
      {"error", LogLevel::error},   {"ERROR-8", LogLevel::info}, {"DEBUG+5", LogLevel::error},
      {"Error+3", LogLevel::error},
  };
  for (const auto& c : cases) {
    CAPTURE(c.level);
    const auto line = parse({"--log-level", c.level});
    REQUIRE(line.has_value());
    CHECK(line->options.log.level == c.lines);
  }
  CHECK(parse({"--log-format=JSON"})->options.log.format == LogFormat::json);
}

TEST_CASE("what all Secrets get besides is read as pairs") {
  const auto line = parse({"--additional-secret-labels", "team=a, example.com/tier=,",
                           "--additional-secret-annotations=note=a b=c"});
  REQUIRE(line.has_value());
  const auto& added = line->options.additional_metadata;
  CHECK(added.labels ==
        std::map<std::string, std::string>{{"team", "a"}, {"example.com/tier", ""}});
  CHECK(added.annotations == std::map<std::string, std::string>{{"note", "a b=c"}});
}

TEST_CASE("what asks for new keys contradicts --generate-key=false") {
  const char* cutoff = "--key-cutoff-time=Mon, 02 Jan 2006 15:04:05 -0700";
  for (const auto* asks : {"--key-renew-period=1h", "--rotate-period=1h", cutoff}) {
    CAPTURE(asks);
    const auto line = parse({"--generate-key=false", asks});
    REQUIRE_FALSE(line.has_value());
    const std::string flag(asks, std::string(asks).find('='));
    CHECK(line.error().message == "--generate-key=false makes no key, and " + flag +
                                      " asks for new ones: leave one of the two out");
    CHECK(parse({"--generate-key=true", asks}).has_value());
  }
  const auto quiet = parse({"--generate-key=false", "--key-renew-period=0", "--key-cutoff-time="});
  REQUIRE(quiet.has_value());
  CHECK_FALSE(quiet->options.generate_key);
  CHECK(quiet->notices.empty());
}

TEST_CASE("how keys would be made has no effect with --generate-key=false, and that is told") {
  const auto line = parse({"--generate-key=false", "--key-size=2048", "--privatekey-labels=a=b"});
  REQUIRE(line.has_value());
  CHECK(line->notices ==
        std::vector<std::string>{"--key-size has no effect with --generate-key=false",
                                 "--privatekey-labels has no effect with --generate-key=false"});
}

TEST_CASE("a truth value that stands alone is passed over, as the reference does, and told") {
  const auto line = parse({"--all-namespaces", "false", "--update-status"});
  REQUIRE(line.has_value());
  CHECK(line->options.all_namespaces);
  REQUIRE(line->notices.size() == 1);
  CHECK(line->notices.front().starts_with("\"false\" stands alone"));
}

TEST_CASE("--version and --help win over flags that make no sense together") {
  CHECK(parse({"--version", "--key-size=1"})->mode == CommandLine::Mode::version);
  CHECK(parse({"--help"})->mode == CommandLine::Mode::help);
  CHECK(help_text().find("--key-renew-period") != std::string::npos);
}

TEST_CASE("--help tells the defaults") {
  const Options o;
  const auto truth = [](bool value) { return std::string(value ? "true" : "false"); };
  const std::pair<const char*, std::string> defaults[] = {
      {"--key-prefix", o.key_prefix},
      {"--key-size", std::to_string(o.key_size)},
      {"--key-ttl", format_go_duration(o.key_ttl)},
      {"--key-renew-period", format_go_duration(o.key_renew_period)},
      {"--key-order-priority", "CertNotBefore"},
      {"--accept-deprecated-v1-data", truth(o.accept_deprecated_v1_data)},
      {"--update-status", truth(o.update_status)},
      {"--repair-drift", truth(o.repair_drift)},
      {"--max-unseal-retries", std::to_string(o.max_unseal_retries)},
      {"--listen-addr", o.listen_addr},
      {"--listen-metrics-addr", o.listen_metrics_addr},
      {"--read-timeout", format_go_duration(o.read_timeout)},
      {"--write-timeout", format_go_duration(o.write_timeout)},
      {"--rate-limit", std::to_string(o.rate_limit)},
      {"--rate-limit-burst", std::to_string(o.rate_limit_burst)},
  };
  const std::string help = help_text();
  for (const auto& [flag, value] : defaults) {
    CAPTURE(flag);
    const auto begin = help.find(std::string(flag) + " ");
    REQUIRE(begin != std::string::npos);
    // The text of a flag ends where the next one's begins.
    const auto text = help.substr(begin, help.find("\n      --", begin) - begin);
    CHECK(text.find("(" + value + ")") != std::string::npos);
  }
}

TEST_CASE("the namespaces to look after") {
  Options options;
  CHECK(options.namespaces() == std::vector<std::string>{""});
  options.own_namespace = "kube-system";
  options.additional_namespaces = {"a", "kube-system", "a"};
  CHECK(options.namespaces() == std::vector<std::string>{"kube-system", "a"});
  options.all_namespaces = false;
  CHECK(options.namespaces() == std::vector<std::string>{"kube-system", "a"});
  options.additional_namespaces = {};
  CHECK(options.namespaces() == std::vector<std::string>{"kube-system"});
}

TEST_CASE("the own namespace") {
  CHECK(own_namespace("pod", "/nonexistent") == "pod");
  CHECK(own_namespace(std::nullopt, "/nonexistent") == "default");
  CHECK(own_namespace("", "/nonexistent") == "default");
}

}  // namespace bulla::test
