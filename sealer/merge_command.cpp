// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json/object.hpp>
#include <map>
#include <utility>

#include "base/file.hpp"
#include "base/limits.hpp"
#include "resource/rewrite.hpp"
#include "resource/seal.hpp"
#include "sealer/certificate_source.hpp"
#include "sealer/commands.hpp"
#include "sealer/explain_input.hpp"
#include "sealer/io.hpp"
#include "sealer/sealed_input.hpp"
#include "sealer/secret_input.hpp"
#include "sealer/terminal.hpp"

namespace bulla::sealer {

namespace json = boost::json;

namespace {

/// The file to merge into: as it was, and as it becomes.
class Target {
 public:
  static Result<Target> read(const Options& options) {
    auto text = read_file(options.merge_into, limits::input_bytes_max);
    if (!text) return text.error();
    auto file = parse_sealed_text(options.merge_into, std::move(*text));
    if (!file) return file.error();
    auto before = sealed_secrets_of(*file);
    if (!before) return before.error();
    if (before->empty())
      return Error{Errc::invalid_input, options.merge_into + " holds no SealedSecret"};
    auto format = output_format(options);
    if (!format) return format.error();

    const auto layout = !options.format_given     ? Layout::kept
                        : *format == Format::yaml ? Layout::yaml
                                                  : Layout::json;
    return Target(std::move(*file), std::move(*before), layout);
  }

  /// The SealedSecret that `addition` belongs to: the only one, or else that of its name.
  /// Errors: invalid_input: none has the name, or several have; the only one has another than
  /// `wanted_name` (--name; "": none was given).
  Result<SealedDocument*> choose(const Secret& addition, const std::string& wanted_name) {
    if (after_.size() == 1) {
      const auto& only = after_.front().sealed;
      if (!wanted_name.empty() && !only.name().empty() && wanted_name != only.name())
        return another_name(wanted_name);
      return after_.data();
    }
    const auto name = metadata_text(addition.metadata, "name");
    const auto namespace_ = metadata_text(addition.metadata, "namespace");
    SealedDocument* found = nullptr;
    for (auto& candidate : after_) {
      const auto& sealed = candidate.sealed;
      if (sealed.name() != name) continue;
      if (!namespace_.empty() && sealed.namespace_() != namespace_) continue;
      if (found != nullptr) return undecided(addition, "several of them have that name");
      found = &candidate;
    }
    if (found == nullptr) return undecided(addition, "none of them has that name");
    return found;
  }

  [[nodiscard]] std::string name_of(const SealedDocument& chosen) const {
    return file_.document_name(chosen.document);
  }

  /// Whether what is printed is JSON.
  [[nodiscard]] bool becomes_json() const {
    const auto& document = file_.documents[after_.front().document];
    const bool is_json = document.scalars == Scalars::keep_their_kind;
    return layout_ == Layout::json || (layout_ == Layout::kept && is_json);
  }

  /// A template that does not parse keeps the whole object from being opened.
  void warn_of_templates() const {
    for (const auto& [document, sealed] : after_) {
      for (const auto& error : check_templates(sealed))
        warn(file_.document_name(document) + ": spec.template.data: " + error.message);
    }
  }

  void warn_of_joined_documents() const {
    for (const auto& document : file_.documents) {
      const auto joined = joined_documents(file_.name, text_before(), document);
      if (!joined.empty()) warn(joined);
    }
  }

  /// The file's text as it was read.
  [[nodiscard]] std::string_view text_before() const { return file_.text.expose_secret_text(); }

  [[nodiscard]] Result<SecretBuffer> text() const {
    std::vector<Rewrite> changes;
    for (std::size_t i = 0; i < after_.size(); ++i) {
      const bool is_all = after_.size() == 1 && layout_ != Layout::kept;
      if (is_all || before_[i].sealed.to_json() != after_[i].sealed.to_json())
        changes.push_back({after_[i].document, &before_[i].sealed, &after_[i].sealed});
    }
    auto text =
        rewrite_documents(file_.text.expose_secret_text(), file_.documents, changes, layout_);
    if (text) return text;
    auto error = std::move(text).error().during(file_.name);
    if (layout_ == Layout::kept) {
      error = std::move(error).hint(
          "nothing was changed; with -o yaml the SealedSecret is printed anew, without its "
          "comments");
    }
    return error;
  }

 private:
  Target(SealedText file, std::vector<SealedDocument> before, Layout layout)
      : file_(std::move(file)), before_(std::move(before)), after_(before_), layout_(layout) {}

  [[nodiscard]] Error another_name(const std::string& wanted) const {
    return Error{Errc::invalid_input, "--name says " + quoted(wanted) + ", and " + file_.name +
                                          " holds " + place_of(after_.front().sealed)}
        .hint("leave --name out: what is added is sealed for the name in the file");
  }

  [[nodiscard]] Error undecided(const Secret& addition, std::string_view why) const {
    const auto name = metadata_text(addition.metadata, "name");
    Error error{Errc::invalid_input, file_.name + " holds " + std::to_string(after_.size()) +
                                         " SealedSecrets, and " + std::string(why) + ": " +
                                         (name.empty() ? "the input has none" : quoted(name))};
    for (const auto& candidate : after_)
      error = std::move(error).hint(place_of(candidate.sealed) + " is in " + name_of(candidate));
    return error;
  }

  SealedText file_;
  std::vector<SealedDocument> before_;
  std::vector<SealedDocument> after_;
  Layout layout_;
};

/// The Secrets to add. Into JSON the reference takes one alone, and refuses several.
Result<std::vector<Secret>> additions_of(const Options& options, const SealedText& input,
                                         const Target& target) {
  const auto& documents = input.documents;
  if (documents.empty()) {
    return Error{Errc::invalid_input,
                 "no secrets found. Ensure the input is valid and UTF-8 encoded"};
  }
  if (documents.size() > 1 && target.becomes_json()) {
    return Error{Errc::invalid_input, input.name + " holds " + std::to_string(documents.size()) +
                                          " documents, and JSON is merged with one at a time"}
        .hint("nothing was changed");
  }
  std::vector<Secret> additions;
  for (const auto& document : documents) {
    const auto text = input.text.expose_secret_text();
    auto secret = secret_to_seal(options, text, document);
    if (!secret) return secret.error();
    for (const auto& remark : lost_in_sealing(input.name, text, document)) warn(remark);
    if (!options.name.empty()) secret->metadata.insert_or_assign("name", options.name);
    additions.push_back(std::move(*secret));
  }
  return additions;
}

/// "replaced password; added user": a mistyped name would be an item more.
std::string changes(const SealedSecret& target, const SealedSecret& addition) {
  std::string replaced;
  std::string added;
  for (const auto& [item, ciphertext] : addition.encrypted_data) {
    auto& list = target.encrypted_data.contains(item) ? replaced : added;
    list += (list.empty() ? "" : ", ") + item;
  }
  if (replaced.empty()) return "added " + added;
  if (added.empty()) return "replaced " + replaced;
  return "replaced " + replaced + "; added " + added;
}

/// The input may have any name, such as "any"; but another namespace is likely another file's.
void warn_of_other_namespace(const Secret& addition, const SealedSecret& target,
                             const std::string& file) {
  const auto namespace_ = metadata_text(addition.metadata, "namespace");
  if (namespace_.empty() || namespace_ == target.namespace_()) return;
  warn("the input is of namespace " + std::string(namespace_) + ", and is sealed for " +
       place_of(target) + ", as " + file + " is");
}

/// Adds the texts of `from[field]` to `into[field]`, in Go's order of maps.
void merge_texts(json::object& into, const json::object& from, std::string_view field) {
  const auto* added = from.if_contains(field);
  if (added == nullptr || !added->is_object()) return;
  std::map<std::string, json::value> merged;
  if (const auto* old = into.if_contains(field); old != nullptr && old->is_object()) {
    for (const auto& [key, value] : old->get_object()) merged.insert_or_assign(key, value);
  }
  for (const auto& [key, value] : added->get_object()) merged.insert_or_assign(key, value);
  json::object out(into.storage());
  for (const auto& [key, value] : merged) out.emplace(key, value);
  into[field] = std::move(out);
}

bool replaces_every_item(const SealedSecret& target, const Secret& addition) {
  return std::ranges::all_of(target.encrypted_data, [&](const auto& item) {
    return addition.data.contains(item.first) || addition.string_data.contains(item.first);
  });
}

/// The scope to seal the additions in: the target's, unless --scope says otherwise.
/// Errors: invalid_input: in two scopes at once, nobody could open the object.
Result<Scope> scope_for(const Options& options, const SealedSecret& target,
                        const Secret& addition) {
  const auto own = scope_of(target.metadata);
  const auto wanted = scope_flag(options).value_or(own);
  if (wanted == own || replaces_every_item(target, addition)) return wanted;
  return Error{Errc::invalid_input, place_of(target) + " is sealed " +
                                        std::string(scope_name(own)) + ": items sealed " +
                                        std::string(scope_name(wanted)) +
                                        " could not be opened together with its others"}
      .hint("leave --scope out, or seal all of its items anew");
}

Result<void> merge(const Options& options, const PublicKey& key, SealedSecret& target,
                   Secret addition) {
  auto scope = scope_for(options, target, addition);
  if (!scope) return scope.error();
  // What is added opens only under the target's own name and namespace.
  addition.metadata.insert_or_assign("name", target.name());
  addition.metadata.insert_or_assign("namespace", target.namespace_());
  set_scope_annotation(addition.metadata, *scope);
  Options as_target = options;
  as_target.name.clear();
  if (auto settled = settle_identity(as_target, addition); !settled) return settled;
  auto sealed = seal(addition, key, *scope, Cores::all);
  if (!sealed) return sealed.error();
  tell_terminal(options.merge_into + ": " + place_of(target) + ": " + changes(target, *sealed));

  for (auto& [item, ciphertext] : sealed->encrypted_data)
    target.encrypted_data.insert_or_assign(item, std::move(ciphertext));
  if (*scope != scope_of(target.metadata)) {
    set_scope_annotation(target.metadata, *scope);
    set_scope_annotation(target.secret_template.metadata, *scope);
  }
  for (const auto* field : {"labels", "annotations"})
    merge_texts(target.secret_template.metadata, sealed->secret_template.metadata, field);
  merge_texts(target.metadata, sealed->metadata, "annotations");
  return {};
}

/// Seals the additions into the objects of the file that they belong to.
Result<void> merge_all(const Options& options, const PublicKey& key, Target& target,
                       std::vector<Secret> additions) {
  for (auto& addition : additions) {
    auto chosen = target.choose(addition, options.name);
    if (!chosen) return chosen.error();
    if ((*chosen)->sealed.name().empty()) {
      return Error{Errc::invalid_input,
                   target.name_of(**chosen) + ": the SealedSecret has no metadata.name"};
    }
    warn_of_other_namespace(addition, (*chosen)->sealed, options.merge_into);
    if (const auto warning = size_warning(addition, input_name(options)); !warning.empty())
      warn(warning);
    if (auto merged = merge(options, key, (*chosen)->sealed, std::move(addition)); !merged)
      return merged;
  }
  return {};
}

Options in_place(const Options& options) {
  Options out = options;
  out.output_file = options.merge_into;
  return out;
}

/// Whether the file can be merged into. One that is being written over would be read half.
Result<void> check_target(const Options& options) {
  Output output(in_place(options), Output::Content::shareable);
  if (auto locked = output.lock(); !locked) return locked;
  const auto target = Target::read(options);
  return target ? Result<void>() : target.error();
}

}  // namespace

Result<void> merge_into_sealed_secret(const Options& options) {
  auto key = sealing_key(options);
  if (!key) return key.error();
  // Before anybody is asked for the input; and again, since others go on while that comes.
  if (auto checked = check_target(options); !checked) return checked;
  const auto input = read_input_text(options, "a Kubernetes object in JSON or YAML");
  if (!input) return input.error();

  Output output(in_place(options), Output::Content::shareable);
  if (auto locked = output.lock(); !locked) return locked;
  auto target = Target::read(options);
  if (!target) return target.error();
  target->warn_of_joined_documents();
  auto additions = additions_of(options, *input, *target);
  if (!additions) return additions.error();
  if (auto merged = merge_all(options, *key, *target, std::move(*additions)); !merged)
    return merged;
  target->warn_of_templates();
  const auto text = target->text();
  if (!text) return text.error();
  if (auto done = output.print(text->expose_secret_text()); !done) return done;
  return output.commit_over(target->text_before());
}

}  // namespace bulla::sealer
