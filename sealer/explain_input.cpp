// SPDX-License-Identifier: Apache-2.0
#include "sealer/explain_input.hpp"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <set>

#include "base/base64.hpp"
#include "base/spelling.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "base/yaml_source.hpp"
#include "resource/fields.hpp"
#include "resource/scope.hpp"
#include "resource/seal.hpp"

namespace bulla::sealer {

namespace {

bool is_utf16(std::string_view text) {
  const bool marked = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  // Without a mark: every other byte of plain letters is zero.
  return marked ||
         (text.size() > 3 && (text[0] == '\0') != (text[1] == '\0') &&
          (text[0] == '\0') == (text[2] == '\0') && (text[1] == '\0') == (text[3] == '\0'));
}

bool is_web_page(std::string_view text) {
  const auto start = to_lower(trim(text).substr(0, 16));
  return start.starts_with("<!doctype") || start.starts_with("<html") || start.starts_with("<?xml");
}

constexpr std::string_view save_as_utf8 =
    "save it as UTF-8: PowerShell's > writes UTF-16; use Out-File -Encoding ascii, or -w FILE";

// --- certificates --------------------------------------------------------------------------------

struct Holding {
  std::string_view is;
  std::string_view way_out;
};

constexpr std::string_view fetch_hint = "kubeseal --fetch-cert > cert.pem fetches the certificate";

/// What the PEM block of this type is.
std::optional<Holding> pem_holding(std::string_view type) {
  if (type.ends_with("PRIVATE KEY"))
    return Holding{"a private key",
                   "never give it to anybody; pass the certificate (tls.crt) that belongs to it"};
  if (type.ends_with("CERTIFICATE REQUEST"))
    return Holding{"a certificate request", "pass the certificate that was made from it"};
  if (type.ends_with("PUBLIC KEY"))
    return Holding{"a bare public key", "pass the certificate that holds it"};
  if (type == "TRUSTED CERTIFICATE")
    return Holding{"an OpenSSL trusted certificate",
                   "openssl x509 -in FILE -out cert.pem makes a plain one of it"};
  if (type == "CERTIFICATE")
    return Holding{"a damaged certificate: cut off, indented, or not on lines of its own",
                   "each of its lines must stand as it was, BEGIN and END too"};
  return std::nullopt;
}

std::optional<Holding> holding_in_pem(std::string_view text) {
  constexpr std::string_view begin = "-----BEGIN ";
  std::optional<Holding> found;
  for (auto at = text.find(begin); at != std::string_view::npos; at = text.find(begin, at + 1)) {
    const auto label = text.substr(at + begin.size());
    auto holding = pem_holding(label.substr(0, label.find("-----")));
    // A damaged certificate is the likelier cause than what stands beside it.
    if (holding && (!found || label.starts_with("CERTIFICATE-----"))) found = holding;
  }
  return found;
}

bool looks_like_der(std::string_view bytes) {
  return bytes.size() > 3 && static_cast<unsigned char>(bytes[0]) == 0x30 &&
         (static_cast<unsigned char>(bytes[1]) & 0x80U) != 0;
}

Holding certificate_holding(std::string_view text) {
  if (trim(text).empty()) return {"empty", fetch_hint};
  if (is_utf16(text)) return {"UTF-16 text", save_as_utf8};
  if (is_web_page(text)) return {"a web page", "the address, or a log-in in the way, is wrong"};
  if (const auto holding = holding_in_pem(text)) return *holding;
  if (looks_like_der(text))
    return {"DER, not PEM", "openssl x509 -inform DER -in FILE -out cert.pem makes PEM of it"};
  if (const auto bytes = decode_base64_secret(trim(text)); bytes && !bytes->empty()) {
    const auto inner = bytes->expose_secret_text();
    if (inner.find("-----BEGIN CERTIFICATE-----") != std::string_view::npos ||
        looks_like_der(inner))
      return {"base64 of a certificate", "base64 -d FILE > cert.pem undoes it"};
  }
  if (text.find("tls.crt") != std::string_view::npos)
    return {"a Secret or another object, not the certificate in it",
            "pass what stands under tls.crt, through base64 -d"};
  return {"something else", fetch_hint};
}

// --- places --------------------------------------------------------------------------------------

std::size_t line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

std::string_view text_of(std::string_view text, const Document& document) {
  return text.substr(document.offset, document.size);
}

/// Whether `message` begins with the path of `entry`: names of fields may be written in any case.
bool is_about(const YamlNode::Entry& entry, std::string_view message) {
  if (!entry.key || message.size() <= entry.key->size()) return false;
  const char next = message[entry.key->size()];
  return to_lower(message.substr(0, entry.key->size())) == to_lower(*entry.key) &&
         (next == '.' || next == ':' || next == ' ');
}

/// The line, from 0, of the deepest value whose path is how `message` begins.
std::optional<std::size_t> line_named(const YamlNode& node, std::string_view message) {
  std::optional<std::size_t> line;
  bool is_exact = false;
  for (const auto& entry : node.entries) {
    if (!is_about(entry, message)) continue;
    const bool same_case = message.starts_with(*entry.key);
    if (is_exact && !same_case) continue;
    is_exact = same_case;
    line = entry.value.line;
    const auto rest = message.substr(entry.key->size());
    if (rest[0] != '.') continue;
    if (const auto inner = line_named(entry.value, rest.substr(1))) line = inner;
  }
  return line;
}

// --- what is left out ----------------------------------------------------------------------------

constexpr std::array<std::string_view, 7> secret_fields{"apiVersion", "kind", "metadata",  "type",
                                                        "immutable",  "data", "stringData"};

bool is_secret_field(std::string_view name) {
  return std::ranges::any_of(
      secret_fields, [&](std::string_view field) { return to_lower(field) == to_lower(name); });
}

/// "unknown field "stringDate"", and the guess what was meant.
Error unknown_field(std::string_view name) {
  Error error{Errc::invalid_input, "unknown field " + quoted(name)};
  constexpr std::size_t name_size_max = 32;
  if (name.size() > name_size_max) return error;
  for (const auto field : secret_fields) {
    const std::size_t wrong_max = field.size() > 5 ? 2 : 1;
    if (edit_distance(to_lower(name), to_lower(field)) <= wrong_max)
      return std::move(error).hint("did you mean " + std::string(field) + "?");
  }
  return error;
}

/// Something about the value in a line of its document, counted from 0.
struct Remark {
  std::size_t line;
  std::string what;
};

/// The second of two root keys that begin an object: "cat a.yaml b.yaml" puts no --- between them.
const YamlNode::Entry* second_beginning(const YamlNode& root) {
  std::set<std::string_view> seen;
  for (const auto& entry : root.entries) {
    const bool begins = entry.key == "apiVersion" || entry.key == "kind" || entry.key == "metadata";
    if (begins && !root.flow && !seen.insert(*entry.key).second) return &entry;
  }
  return nullptr;
}

std::string joined_at(const YamlNode::Entry& second) {
  return "a second document seems to begin here (key " + quoted(*second.key) +
         " stands twice, and the last one counts): put a line with --- in front of it";
}

void find_repeated_below(const YamlNode& node, std::vector<Remark>& remarks);

void find_repeated(const YamlNode& node, std::vector<Remark>& remarks) {
  std::set<std::string_view> seen;
  for (const auto& entry : node.entries) {
    if (entry.key && !seen.insert(*entry.key).second) {
      remarks.push_back(
          {entry.value.line,
           "key " + quoted(*entry.key) + " stands twice in its map, and the last one counts"});
    }
  }
  find_repeated_below(node, remarks);
}

void find_repeated_below(const YamlNode& node, std::vector<Remark>& remarks) {
  for (const auto& entry : node.entries) find_repeated(entry.value, remarks);
}

/// Of two documents in one, not every field that both have.
void find_joined_or_repeated(const YamlNode& root, std::vector<Remark>& remarks) {
  const auto* second = second_beginning(root);
  if (second == nullptr) return find_repeated(root, remarks);
  remarks.push_back({second->value.line, joined_at(*second)});
  find_repeated_below(root, remarks);
}

constexpr std::string_view sops_field = "sops";

/// SOPS' own map, by the code that authenticates the file.
bool is_sops_map(const boost::json::value& value) {
  const auto* map = value.if_object();
  return map != nullptr && map->contains("mac");
}

bool is_sops_value(const boost::json::value& value) {
  const auto* text = value.if_string();
  return text != nullptr && text->starts_with("ENC[AES256_GCM,");
}

bool is_sops_encrypted(const boost::json::object& object) {
  if (const auto* map = object.if_contains(sops_field); map != nullptr && is_sops_map(*map))
    return true;
  for (const auto* field : {"data", "stringData"}) {
    const auto* items = object.if_contains(field);
    if (items == nullptr || !items->is_object()) continue;
    if (std::ranges::any_of(items->get_object(),
                            [](const auto& item) { return is_sops_value(item.value()); }))
      return true;
  }
  return false;
}

void find_unknown_fields(const YamlNode& root, bool by_sops, std::vector<Remark>& remarks) {
  for (const auto& entry : root.entries) {
    if (!entry.key || is_secret_field(*entry.key)) continue;
    if (by_sops && entry.key == sops_field) continue;
    auto unknown = unknown_field(*entry.key);
    auto what = unknown.message + " is left out";
    for (const auto& hint : unknown.hints) what += ": " + hint;
    remarks.push_back({entry.value.line, std::move(what)});
  }
}

bool holds_values(const YamlNode::Entry& field) {
  if (!field.key) return false;
  const auto name = to_lower(*field.key);
  return name == "data" || name == "stringdata";
}

/// "password: !hunter2" and "&hunter2": what is meant as a value is YAML's mark of a type or a
/// name.
bool is_swallowed(const YamlNode& value, std::string_view text) {
  if (!value.marked || value.begin >= text.size()) return false;
  const auto mark = text.substr(value.begin);
  const bool own_tag = mark.starts_with('!') && !mark.starts_with("!!");
  return own_tag || value.null;
}

/// The key as it is written before a value of `map` on its line; "" if it can't be told, or is in
/// quotes.
std::string_view written_key(const YamlNode& map, const YamlNode& value, std::string_view text) {
  if (value.begin >= text.size()) return {};
  const auto before = text.substr(0, value.begin);
  auto key = before.substr(before.rfind('\n') + 1);
  if (map.flow) key = key.substr(key.find_last_of("{,") + 1);
  key = trim(key);
  if (!key.ends_with(':')) return {};
  key = trim(key.substr(0, key.size() - 1));
  const bool is_plain = key.find_first_of("'\"?{[,&!*") == std::string_view::npos;
  return is_plain ? key : std::string_view();
}

/// What a value without quotes is read as, if not as it is written ("0471", "1.10", "yes"); else
/// "".
std::string_view read_otherwise(const YamlNode& value, std::string_view text) {
  if (value.kind != YamlNode::Kind::plain || value.marked || value.end > text.size()) return {};
  const auto written = text.substr(value.begin, value.end - value.begin);
  const auto read = resolve_yaml_scalar(written);
  if (!read.is_bool() && !read.is_number()) return {};
  SecretBuffer printed;
  append_yaml(printed, read);
  if (trim(printed.expose_secret_text()) == written) return {};
  return read.is_bool() ? "a truth value" : "a number";
}

/// "namespace: n" is the namespace "false".
void find_misread_names(const YamlNode& metadata, std::string_view text,
                        std::vector<Remark>& remarks) {
  for (const auto& [key, value] : metadata.entries) {
    if (key != "name" && key != "namespace") continue;
    const auto kind = read_otherwise(value, text);
    if (kind.empty()) continue;
    remarks.push_back({value.line, "metadata." + *key + " is read as " + std::string(kind) +
                                       ": put it in quotes"});
  }
}

/// Values and keys that YAML reads as something else than people mean.
void find_misread(const YamlNode& root, std::string_view text, std::vector<Remark>& remarks) {
  for (const auto& field : root.entries) {
    if (field.key == "metadata") find_misread_names(field.value, text, remarks);
    if (!holds_values(field)) continue;
    for (const auto& [key, value] : field.value.entries) {
      if (!key) continue;
      if (is_swallowed(value, text)) {
        remarks.push_back({value.line, "the value of " + quoted(*key) +
                                           " begins with ! or &, which YAML takes for a mark that "
                                           "is no part of it: put it in quotes"});
      }
      if (const auto kind = read_otherwise(value, text); !kind.empty()) {
        remarks.push_back({value.line, "the value of " + quoted(*key) + " is read as " +
                                           std::string(kind) +
                                           ", and sealed in another form than it is written: put "
                                           "it in quotes"});
      }
      const auto written = written_key(field.value, value, text);
      if (written.empty() || written == *key) continue;
      remarks.push_back({value.line, "key " + quoted(written) + " is read as " + quoted(*key) +
                                         ": put it in quotes"});
    }
  }
}

}  // namespace

Error with_kind_of_text(Error error, std::string_view text) {
  if (is_utf16(text))
    return std::move(error).hint("it is UTF-16 text: " + std::string(save_as_utf8));
  if (is_web_page(text)) return std::move(error).hint("it is a web page, not a manifest");
  if (text.find("{{") != std::string_view::npos)
    return std::move(error).hint("it looks like a template: render it first (helm template, ...)");
  return error;
}

Error no_certificate(const std::string& source, std::string_view text) {
  const auto holding = certificate_holding(text);
  const std::string verb = holding.is == "empty" ? "is " : "holds ";
  return Error{Errc::invalid_input, "data does not contain any valid RSA or ECDSA certificates: " +
                                        source + " " + verb + std::string(holding.is)}
      .hint(std::string(holding.way_out));
}

Error at_value(Error error, const std::string& name, std::string_view text,
               const Document& document) {
  std::size_t line = document.line;
  if (const auto root = map_yaml(text_of(text, document))) {
    if (const auto found = line_named(*root, error.message))
      line = line_at(text, document.offset) + *found;
  }
  return std::move(error).during(name + ", line " + std::to_string(line));
}

std::string other_kind(const Document& document) {
  const auto* object = document.value.if_object();
  if (object == nullptr) return {};
  const std::string kind(metadata_text(*object, "kind"));
  return kind == "Secret" ? std::string() : kind;
}

Error nothing_to_seal(const std::string& where, const Document& document, bool has_keys) {
  const auto* object = document.value.if_object();
  if (object == nullptr) {
    return Error{Errc::invalid_input,
                 where + ": a Secret must be a map, not " + std::string(kind_name(document.value))}
        .hint("kubectl prints the object itself with -o yaml");
  }
  const auto kind = other_kind(document);
  if (kind == SealedSecret::kind) {
    Error error{Errc::invalid_input, where + ": it is a SealedSecret already"};
    if (has_keys) return std::move(error).hint("--recovery-unseal opens it");
    return std::move(error)
        .hint("--re-encrypt seals it anew for the newest key")
        .hint("--merge-into FILE adds items to it");
  }
  if (kind.ends_with("List")) {
    return Error{Errc::invalid_input, where + ": it is a " + quoted(kind) + ", not a Secret"}.hint(
        "to seal each: kubectl get secrets -o json | jq '.items[]' | kubeseal");
  }
  if (!kind.empty()) {
    return Error{Errc::invalid_input, where + ": it is a " + quoted(kind) + ", not a Secret"}.hint(
        "kubeseal takes Secrets alone: put other objects into files of their own");
  }
  return {Errc::invalid_input, ""};
}

std::string joined_documents(const std::string& name, std::string_view text,
                             const Document& document) {
  const auto own = text_of(text, document);
  // Few documents have two such lines: the others need not be read again.
  const auto lines_of = [&](std::string_view start) {
    std::size_t count = own.starts_with(start.substr(1)) ? 1 : 0;
    for (auto at = own.find(start); at != std::string_view::npos; at = own.find(start, at + 1))
      ++count;
    return count;
  };
  if (lines_of("\napiVersion:") < 2 && lines_of("\nkind:") < 2 && lines_of("\nmetadata:") < 2)
    return {};
  const auto root = map_yaml(own);
  const auto* second = root ? second_beginning(*root) : nullptr;
  if (second == nullptr) return {};
  return name + ", line " + std::to_string(line_at(text, document.offset) + second->value.line) +
         ": " + joined_at(*second);
}

std::string_view sops_advice(const Document& document) {
  const auto* object = document.value.if_object();
  const bool by_sops = object != nullptr && is_sops_encrypted(*object);
  return by_sops ? "sops -d FILE | kubeseal seals what is in it" : std::string_view();
}

std::vector<std::string> lost_in_sealing(const std::string& name, std::string_view text,
                                         const Document& document) {
  std::vector<std::string> told;
  const auto* object = document.value.if_object();
  const auto root = map_yaml(text_of(text, document));
  if (object == nullptr || !root) return told;
  const auto kind = other_kind(document);
  if (!kind.empty()) {
    told.push_back(name + ", line " + std::to_string(document.line) + ": it is a " + quoted(kind) +
                   ", not a Secret, and is sealed as if it were one");
  }
  const auto sops = sops_advice(document);
  if (!sops.empty()) {
    told.push_back(name + ", line " + std::to_string(document.line) +
                   ": it is encrypted by SOPS, and what is sealed are the encrypted values: " +
                   std::string(sops));
  }
  std::vector<Remark> remarks;
  find_unknown_fields(*root, !sops.empty(), remarks);
  find_joined_or_repeated(*root, remarks);
  find_misread(*root, text_of(text, document), remarks);
  if (remarks.empty()) return told;
  // Lines are counted from the start of the input: only where there is something to tell.
  const auto first_line = line_at(text, document.offset);
  for (const auto& remark : remarks)
    told.push_back(name + ", line " + std::to_string(first_line + remark.line) + ": " +
                   remark.what);
  return told;
}

Error with_kind(Error error, const SealedSecret& sealed) {
  const auto& kind = sealed.owner.kind;
  if (kind.empty() || kind == SealedSecret::kind) return error;
  error = std::move(error).hint("that is a " + kind + ", not a SealedSecret");
  if (kind != "Secret") return error;
  return std::move(error).hint("it is plaintext: kubeseal -f FILE -w SEALED seals it");
}

std::vector<std::string> damaged_items(const SealedSecret& sealed) {
  std::vector<std::string> damaged;
  for (const auto& [item, ciphertext] : sealed.encrypted_data) {
    const auto fault = ciphertext_fault(ciphertext);
    if (!fault.empty()) damaged.push_back("item " + quoted(item) + " " + fault);
  }
  return damaged;
}

Error with_causes(Error error, const SealedSecret& sealed) {
  const auto damaged = damaged_items(sealed);
  for (const auto& item : damaged) error = std::move(error).hint(item);
  if (!damaged.empty()) return error;
  return std::move(error).hint(
      "the controller has no key for it, or its name, namespace or scope was changed");
}

}  // namespace bulla::sealer
