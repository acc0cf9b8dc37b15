// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include "base/base64.hpp"
#include "template/functions/common.hpp"
#include "template/functions/private_keys.hpp"
#include "template/functions/random_bytes.hpp"
#include "template/functions/x509.hpp"

namespace bulla::tmpl {
namespace {

// What making a key takes, in steps: about ten RSA keys a run.
constexpr std::size_t rsa_2048_steps = 100'000;
constexpr std::size_t rsa_4096_steps = 400'000;
constexpr std::size_t dsa_steps = 400'000;
constexpr std::size_t curve_steps = 1'000;
constexpr std::size_t signature_steps = 5'000;
constexpr std::size_t serial_bytes = 16;

/// What sprig calls a certificate: the PEM texts of one and of its key.
class CertificateObject final : public Object {
 public:
  CertificateObject(Text certificate, Text key)
      : certificate_(std::move(certificate)), key_(std::move(key)) {}
  [[nodiscard]] std::string_view certificate() const noexcept { return certificate_.view(); }
  [[nodiscard]] std::string_view key() const noexcept { return key_.view(); }

  [[nodiscard]] Type type() const noexcept override { return Type::certificate; }
  [[nodiscard]] std::optional<SecretBuffer> to_string() const override { return std::nullopt; }
  [[nodiscard]] std::optional<SecretBuffer> to_json() const override { return std::nullopt; }
  [[nodiscard]] std::vector<std::pair<std::string_view, Value>> fields() const override {
    return {{"Cert", Value::string(certificate_)}, {"Key", Value::string(key_)}};
  }
  [[nodiscard]] bool equals(const Object& other) const noexcept override {
    if (other.type() != Type::certificate) return false;
    const auto& theirs = static_cast<const CertificateObject&>(other);
    return certificate_ == theirs.certificate_ && key_ == theirs.key_;
  }

 private:
  Text certificate_;
  Text key_;
};

const CertificateObject& as_certificate(const Value& value) {
  BULLA_ASSERT(value.type() == Type::certificate);
  return static_cast<const CertificateObject&>(value.as_object());
}

Value certificate_value(Text certificate, Text key) {
  return Value::object(
      std::make_shared<const CertificateObject>(std::move(certificate), std::move(key)));
}

// --- keys ---------------------------------------------------------------------------------------

Result<openssl::Key> new_key(Context& context, KeyKind kind, std::size_t steps) {
  if (auto spent = context.spend_steps(steps); !spent) return std::move(spent).error();
  const auto has_time = [](const void* whom) {
    return static_cast<const Context*>(whom)->has_time();
  };
  auto key = make_key(kind, {has_time, &context});
  // One that took too long is an error here, not at the next step.
  if (auto spent = context.spend_steps(0); !spent) return std::move(spent).error();
  return key;
}

Result<Value> gen_private_key(Context& context, Arguments arguments) {
  struct Kind {
    std::string_view name;
    KeyKind kind;
    std::size_t steps;
  };
  constexpr Kind kinds[] = {{"", KeyKind::rsa_4096, rsa_4096_steps},
                            {"rsa", KeyKind::rsa_4096, rsa_4096_steps},
                            {"dsa", KeyKind::dsa, dsa_steps},
                            {"ecdsa", KeyKind::ecdsa_p256, curve_steps},
                            {"ed25519", KeyKind::ed25519, curve_steps}};
  const auto name = arguments[0].as_text();
  for (const auto& kind : kinds) {
    if (kind.name != name) continue;
    const auto key = new_key(context, kind.kind, kind.steps);
    if (!key) return key.error();
    return Value::string(print_key(**key));
  }
  SecretBuffer out;
  out.append("Unknown type ");
  out.append(name);
  return Value::string(std::move(out));
}

/// The key that an argument holds, or a new one where there is no such argument.
Result<openssl::Key> given_or_new_key(Context& context, const Value* pem) {
  if (pem == nullptr) return new_key(context, KeyKind::rsa_2048, rsa_2048_steps);
  auto key = read_key(pem->as_text());
  if (!key) {
    return context.failure("parsing private key: no private key that can be used",
                           "parsing private key: " + key.error().message);
  }
  return key;
}

// --- what a certificate is for -------------------------------------------------------------------

/// Why an element of a list isn't used, as sprig says it with the element in it.
Error bad_element(Context& context, std::string_view doing, const Value& element,
                  std::string_view why) {
  const std::string start = std::string(doing) + ": ";
  if (quoting(context) == go::Quoting::forbidden) {
    return context.failure(start + "a value of type " + std::string(type_name(element.type())) +
                           std::string(why.empty() ? " is no address" : why));
  }
  const auto text = go_to_string(context, element);
  const std::string shown(text ? text->expose_secret_text() : std::string_view());
  return context.failure(start + shown + std::string(why));
}

Result<void> read_names(Context& context, const Value& ips, const Value& names,
                        CertificateRequest& request) {
  for (const auto& ip : ips.items()) {
    if (!ip.is_string()) return bad_element(context, "error parsing ip", ip, " is not a string");
    auto address = parse_ip(ip.as_text());
    if (!address) return bad_element(context, "error parsing ip", ip, "");
    request.ips.push_back(std::move(*address));
  }
  for (const auto& name : names.items()) {
    if (!name.is_string()) {
      return bad_element(context, "error processing alternate dns name", name, " is not a string");
    }
    request.dns_names.push_back(name.as_text());
  }
  return {};
}

/// Makes and prints.
Result<Value> issue(Context& context, CertificateRequest& request, EVP_PKEY& key,
                    const Signer& signer) {
  if (auto spent = context.spend_steps(signature_steps); !spent) return std::move(spent).error();
  const auto serial = random_bytes(context, serial_bytes);
  request.serial = serial.expose_secret();
  request.now = context.clock().now();
  const auto certificate = make_certificate(request, key, signer);
  if (!certificate) return context.failure(certificate.error().message);
  return certificate_value(Text(print_certificate(**certificate)), Text(print_key(key)));
}

/// Of the arguments common name, days and, if given, a key.
Result<Value> authority(Context& context, Arguments arguments) {
  const auto key = given_or_new_key(context, arguments.size() > 2 ? &arguments[2] : nullptr);
  if (!key) return key.error();
  CertificateRequest request;
  request.common_name = arguments[0].as_text();
  request.days_valid = arguments[1].as_integer();
  request.is_authority = true;
  return issue(context, request, **key, {nullptr, key->get()});
}

/// The request that the first four arguments make.
Result<CertificateRequest> read_request(Context& context, Arguments arguments) {
  CertificateRequest request;
  request.common_name = arguments[0].as_text();
  request.days_valid = arguments[3].as_integer();
  if (auto read = read_names(context, arguments[1], arguments[2], request); !read)
    return std::move(read).error();
  return request;
}

Result<Value> self_signed(Context& context, Arguments arguments) {
  auto request = read_request(context, arguments);
  if (!request) return std::move(request).error();
  const auto key = given_or_new_key(context, arguments.size() > 4 ? &arguments[4] : nullptr);
  if (!key) return key.error();
  return issue(context, *request, **key, {nullptr, key->get()});
}

Result<Value> signed_by(Context& context, Arguments arguments) {
  const auto key = given_or_new_key(context, arguments.size() > 5 ? &arguments[5] : nullptr);
  if (!key) return key.error();
  const auto& authority = as_certificate(arguments[4]);
  const auto block = first_pem_block(authority.certificate());
  if (!block) return context.failure("unable to decode certificate");
  const auto certificate = parse_certificate(block->bytes.expose_secret());
  if (certificate == nullptr)
    return context.failure("error parsing certificate: decodedSignerCert.Bytes: malformed");
  const auto signing_key = read_key(authority.key());
  if (!signing_key) {
    return context.failure("error parsing private key",
                           "error parsing private key: " + signing_key.error().message);
  }
  auto request = read_request(context, arguments);
  if (!request) return std::move(request).error();
  return issue(context, *request, **key, {certificate.get(), signing_key->get()});
}

Result<Value> build_custom(Context& context, Arguments arguments) {
  auto certificate = decode_base64_secret(arguments[0].as_text());
  if (!certificate) return context.failure("unable to decode base64 certificate");
  auto key = decode_base64_secret(arguments[1].as_text());
  if (!key) return context.failure("unable to decode base64 private key");
  const auto block = first_pem_block(certificate->expose_secret_text());
  if (!block) return context.failure("unable to decode certificate");
  if (parse_certificate(block->bytes.expose_secret()) == nullptr)
    return context.failure("error parsing certificate: decodedCert.Bytes: malformed");
  const auto read = read_key(key->expose_secret_text());
  if (!read) {
    return context.failure("error parsing private key",
                           "error parsing private key: " + read.error().message);
  }
  return certificate_value(Text(std::move(*certificate)), Text(std::move(*key)));
}

constexpr auto string = Type::string;
constexpr auto integer = Type::int_;
constexpr auto list = Type::any_list;
constexpr auto a_certificate = Type::certificate;

constexpr Function table[] = {
    {"buildCustomCert", {string, string}, build_custom},
    {"genCA", {string, integer}, authority},
    {"genCAWithKey", {string, integer, string}, authority},
    {"genPrivateKey", {string}, gen_private_key},
    {"genSelfSignedCert", {string, list, list, integer}, self_signed},
    {"genSelfSignedCertWithKey", {string, list, list, integer, string}, self_signed},
    {"genSignedCert", {string, list, list, integer, a_certificate}, signed_by},
    {"genSignedCertWithKey", {string, list, list, integer, a_certificate, string}, signed_by},
};

}  // namespace

std::span<const Function> certificate_functions() noexcept { return table; }

}  // namespace bulla::tmpl
