// SPDX-License-Identifier: Apache-2.0
#include "controller/metrics.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "base/text.hpp"
#include "json_text.hpp"

namespace bulla::test {

namespace {

/// HELP and TYPE lines, and samples without their values: `name{label=` ... with label names only.
std::set<std::string> shape_of(const std::string& text) {
  std::set<std::string> shape;
  for (const auto line : split(text, '\n')) {
    if (line.empty()) continue;
    if (line.starts_with('#')) {
      shape.emplace(line);
      continue;
    }
    std::string names;
    bool in_value = false;
    for (const char c : line.substr(0, line.rfind(' '))) {
      if (c == '"') in_value = !in_value;
      if (!in_value && c != '"') names += c;
    }
    shape.insert(names);
  }
  return shape;
}

}  // namespace

TEST_CASE("names, labels and help texts are the reference's") {
  Metrics metrics;
  metrics.unseal_requested();
  metrics.unseal_failed("unseal", "rec2");
  metrics.set_condition({"rec2", "other"}, "", false);
  metrics.http_answered({"/v1/cert.pem", "get", 200, 0.001});
  CHECK(shape_of(metrics.text()) == shape_of(controller_file("metrics.txt")));
}

TEST_CASE("without labels of Secrets no series names an object") {
  Metrics metrics(true);
  metrics.set_condition({"rec2", "other"}, "app", false);
  CHECK(metrics.text().find("condition_info") == std::string::npos);
  CHECK(metrics.text().find("other") == std::string::npos);
}

TEST_CASE("values") {
  Metrics metrics;
  CHECK(metrics.text().find("sealed_secrets_controller_build_info{revision=\"0.40.0\"} 0\n") !=
        std::string::npos);
  CHECK(metrics.text().find("sealed_secrets_controller_unseal_requests_total 0\n") !=
        std::string::npos);
  const std::string condition =
      "sealed_secrets_controller_condition_info{condition=\"Synced\",name=\"s\",namespace=\"n\","
      "ss_app_kubernetes_io_instance=\"";
  metrics.set_condition({"n", "s"}, "", true);
  CHECK(metrics.text().find(condition + "\"} 1\n") != std::string::npos);
  metrics.set_condition({"n", "s"}, "", false);
  CHECK(metrics.text().find(condition + "\"} -1\n") != std::string::npos);
  metrics.set_condition({"n", "s"}, "app", false);
  CHECK(metrics.text().find(condition + "app\"} -1\n") != std::string::npos);
  CHECK(metrics.text().find(condition + "\"}") == std::string::npos);
  metrics.set_condition({"n", "s"}, "a\"b\\c\nd", true);
  CHECK(metrics.text().find(condition + R"(a\"b\\c\nd"} 1)") != std::string::npos);
  metrics.forget_condition({"n", "s"});
  CHECK(metrics.text().find(condition) == std::string::npos);

  const std::string operations = "sealed_secrets_controller_private_key_operations_total";
  CHECK(metrics.text().find(operations) == std::string::npos);
  metrics.set_private_key_operations(3);
  metrics.set_private_key_operations(5);
  CHECK(metrics.text().find("\n" + operations + " 5\n") != std::string::npos);
}

}  // namespace bulla::test
