// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

/// Every bound of the project, with its unit in the name and its reason beside it. Reaching one is
/// an error that names the bound.
namespace bulla::limits {

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

// --- what people hand to kubeseal -------------------------------------------------------------
/// A file or standard input. The API server takes 1 MiB a Secret; this leaves room for thousands
/// of documents in one file, and stops a mistaken `-f /dev/zero`.
constexpr std::size_t input_bytes_max = 256 * mib;
/// Documents in one input, for the same reason.
constexpr std::size_t documents_max = 100'000;
/// Nesting of maps and lists. A Secret needs 4 levels; Kubernetes' own decoder stops at 10,000.
constexpr std::size_t depth_max = 100;
/// Nodes that one YAML document may grow to, its aliases expanded: stops a "billion laughs".
constexpr std::size_t yaml_nodes_max = 1'000'000;
/// What reading an input may hold at a time, in bytes: this, and so much for each of its bytes. A
/// file of small documents takes 12 for each; a YAML file of a stranger could take thousands, by
/// aliases.
constexpr std::size_t reading_bytes_base = 16 * mib;
constexpr std::size_t reading_bytes_per_byte = 20;
/// What the values of one Secret may take, decoded: Kubernetes' MaxSecretSize. kubeseal warns.
constexpr std::size_t secret_bytes_max = 1 * mib;
/// Documents that are worked on before their results are printed: enough for all cores, and few
/// enough to keep memory low.
constexpr std::size_t documents_at_once = 256;
/// A certificate file, or what a --cert URL answers: a long chain stays below 100 KiB.
constexpr std::size_t certificate_bytes_max = 1 * mib;

// --- keys ---------------------------------------------------------------------------------------
/// Keys made by us (COMPATIBILITY.md, section 1).
constexpr int new_key_bits_min = 2048;
constexpr int new_key_bits_max = 8192;
/// Keys read from elsewhere: below 512 bits OAEP with SHA-256 has no room at all; above 16,384
/// OpenSSL refuses to compute (OPENSSL_RSA_MAX_MODULUS_BITS).
constexpr int any_key_bits_max = 16384;
/// Private keys in one keyring: 40 years of monthly renewal.
constexpr std::size_t keys_max = 500;
/// OpenSSL's locked heap, where private keys live: about 3 KiB a 4096-bit key. A power of two.
constexpr std::size_t key_heap_bytes = 4 * mib;
/// The same for `kubeseal --recovery-unseal`, which lives for a moment.
constexpr std::size_t recovery_key_heap_bytes = 2 * mib;

// --- what an API server may send -------------------------------------------------------------
/// An answer's header. Kubernetes stays well below 8 KiB.
constexpr std::size_t response_header_bytes_max = 64 * kib;
/// Interim answers (1xx) before the one that counts, as Go's client takes them.
constexpr std::size_t interim_answers_max = 5;
/// An answer's body: one object of at most 1.5 MiB (etcd's limit), escaped.
constexpr std::size_t response_body_bytes_max = 16 * mib;
/// One line of a watch: one object of at most 1.5 MiB (etcd's limit), escaped.
constexpr std::size_t watch_line_bytes_max = 16 * mib;
/// Objects in one page of a list (client-go's page).
constexpr std::size_t list_page_objects = 500;
/// A page of several objects: 500 of 8 KiB. A larger one is broken off and asked for again in
/// smaller pages. It is parsed as a whole, and small items make ten times their bytes.
constexpr std::size_t list_page_bytes_max = 4 * mib;
/// Pages are asked for so that they come to about this.
constexpr std::size_t list_page_bytes_wanted = 2 * mib;

// --- what a client may send to the controller's endpoints -----------------------------------
/// A request body: etcd takes 1.5 MiB an object.
constexpr std::size_t request_body_bytes_max = 2 * mib;
constexpr std::size_t request_header_bytes_max = 16 * kib;
/// What reading a body may hold at a time: YAML's parser takes 4 bytes for each of 2 MiB, and the
/// text is copied.
constexpr std::size_t request_reading_bytes_max = 16 * mib;
/// Connections open at once on one listening address, and of one client: an eighth, so that no few
/// clients fill all places. With the bounds of their buffers (controller/http_server.hpp), they
/// hold at most 8 MiB here and 16 MiB in the kernel; TLS adds 24 MiB.
constexpr std::size_t connections_max = 256;
constexpr std::size_t connections_per_client_max = 32;
/// Requests with a body that are read or worked on at a time, in all and of one client. With the
/// bound above, they are what a flood can make us hold in memory.
constexpr std::size_t requests_at_once_max = 8;
constexpr std::size_t requests_at_once_per_client_max = 4;
/// Items of a SealedSecret in one request: each may cost one private-key operation a key.
constexpr std::size_t request_items_max = 256;
/// Clients whose rates are remembered; more share one rate.
constexpr std::size_t rate_limited_clients_max = 4096;

// --- what one SealedSecret may cost
// ---------------------------------------------------------------
/// An object as etcd takes it.
constexpr std::size_t object_bytes_max = 3 * mib / 2;
/// Items of a SealedSecret. The smallest envelope that opens is that of a 1024-bit key: 146 bytes,
/// 196 in base64, 202 with the shortest name. So etcd takes less than 7,800 that can open (2,100
/// under a key of 4096 bits), and what has more items is refused before any of them is read.
constexpr std::size_t sealed_items_max = 8192;
static_assert(sealed_items_max > object_bytes_max / 202);
/// Private-key operations that the controller spends on one object: one for each item, and as many
/// misses as items from the times of some keys cost. 4 ms each under 4096 bits.
constexpr std::size_t operations_per_object_max = 10'000;
/// Items of an object that don't open; then the controller tries no more of it. Their lines fill
/// the status.
constexpr std::size_t closed_items_max = 100;
/// Private-key operations for telling an owner why an item does not open: 7 labels for 18 keys,
/// which is a year and a half of monthly renewal.
constexpr std::size_t explain_operations_max = 128;
/// What one attempt to open an object may take of a core, in seconds: the operations above under
/// 4096 bits take 40. Waiting for a core is not counted.
constexpr std::size_t opening_cpu_seconds_max = 60;
/// Private-key operations of a first, quick look at an object: a quarter of a second under 4096
/// bits. What needs more, or an explanation, waits behind what is new.
constexpr std::size_t quick_operations_max = 64;
/// Processor time of its templates in that look.
constexpr std::size_t quick_template_milliseconds_max = 200;
/// Namespaces whose objects get that much. Where more of them want something at a time, each look
/// is so much shorter, down to the numbers below: a new object of one namespace waits for one look
/// at each other, which may all be one tenant's.
constexpr std::size_t full_quick_looks = 4;
constexpr std::size_t quick_operations_min = 4;
constexpr std::size_t quick_template_milliseconds_min = 12;
/// An object of more bytes takes one of so many places while a pass works on it, the last of which
/// is not for thorough passes: parsed, nested lists take 25 times their size, and sixteen passes at
/// a time would hold them.
constexpr std::size_t large_object_bytes = 32 * kib;
constexpr std::size_t large_passes_max = 2;
/// Objects that are worked on thoroughly at a time: four of those that etcd takes stay below 64
/// MiB of memory.
constexpr std::size_t thorough_passes_max = 4;

// --- the controller -----------------------------------------------------------------------------
/// Events that wait to be sent. More are dropped and counted, of the namespace that has the most:
/// an Event is never worth memory.
constexpr std::size_t events_waiting_max = 1000;
/// A condition's or an Event's message: Kubernetes accepts 32 KiB and 1 KiB.
constexpr std::size_t status_message_bytes_max = 4 * kib;
/// What --additional-secret-annotations may take, names and values. The API server takes 256 KiB an
/// object; the rest is for SealedSecrets' templates.
constexpr std::size_t additional_annotations_bytes_max = 64 * kib;
constexpr std::size_t event_message_bytes_max = 1 * kib;
/// A value in a line of the log: what statuses hold.
constexpr std::size_t log_field_bytes_max = 4 * kib;
/// Messages that are remembered so that a status can be put right without opening its object
/// again: a few hundred bytes each as a rule.
constexpr std::size_t remembered_messages_bytes_max = 4 * mib;
/// Fingerprints that statuses may name, in all. Statuses are no more than hints: whoever may write
/// them could name anything. Keys that there are have room besides.
constexpr std::size_t status_fingerprints_max = 4096;
/// The names of an object's items in a line of the log.
constexpr std::size_t audit_names_bytes_max = 1 * kib;

}  // namespace bulla::limits
