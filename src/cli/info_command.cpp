#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include <nlohmann/json.hpp>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/hash.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/progress.hpp"
#include "bitlaw/coding/archive.hpp"
#include "bitlaw/coding/codec.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/model/config_facts.hpp"
#include "bitlaw/model/config_fields.hpp"
#include "bitlaw/model/specs.hpp"
#include "bitlaw/symbols/vocabulary_file.hpp"
#include "bitlaw/train/learning_rate.hpp"
#include "commands.hpp"
#include "failure.hpp"
#include "file_io.hpp"
#include "help.hpp"
#include "places.hpp"
#include "table.hpp"
#include "terminal.hpp"

namespace bitlaw::cli {

using namespace format;
using namespace kernels;
using namespace model;
using namespace train;
using namespace coding;
using namespace symbols;

namespace {

// Names and values, one a line, or one JSON object.
class Facts {
   public:
    void add(const std::string& key, const std::string& title, const Cell& cell) {
        add(key, title, cell.shown, json_of(cell.exact));
    }
    void add(const std::string& key, const std::string& title, const std::string& shown, Json exact) {
        lines_.emplace_back(title, shown);
        json_[key] = std::move(exact);
    }
    void show(bool as_json) const {
        std::size_t width = 0;
        for (const auto& [title, shown] : lines_) {
            width = std::max(width, title.size());
        }
        std::string text;
        for (const auto& [title, shown] : lines_) {
            text += title + std::string(width - title.size() + 2, ' ') + shown + "\n";
        }
        print(as_json ? json_file(json_) : text);
    }

   private:
    std::vector<std::pair<std::string, std::string>> lines_;
    Json json_;
};

void add_config(Facts& facts, const ModelConfig& c) {
    for (const Field<ModelConfig>& field : model_fields()) {
        const std::string value = field.write(c).front();
        facts.add(field.info.name, field.info.shown_label(), value,
                  field.kind == FieldKind::whole ? Json(field.number(c)) : Json(value));
    }
    const std::uint64_t parameters = parameter_count(c);
    facts.add("parameters", "parameters", count_cell(parameters));
    for (const WeightFormat* format : kWeightFormats) {
        if (const auto bytes = weight_bytes_count(c, format->id)) {
            facts.add(text_of("bytes_", format->name), text_of("weights in ", format->name),
                      with_commas(*bytes) + " bytes", *bytes);
        }
    }
    // Means over one context, the first position of which sees little and the last all of the window.
    const double positions = c.context;
    facts.add("flops_per_byte", "operations a byte",
              with_commas(static_cast<std::uint64_t>(forward_flops(c, 0, c.context) / positions)) +
                  " to predict, " +
                  with_commas(static_cast<std::uint64_t>(training_flops(c, c.context) / positions)) +
                  " to train (means over one context)",
              forward_flops(c, 0, c.context) / positions);
}

void show_preset(const std::string& name, bool json) {
    Facts facts;
    const ModelConfig config = preset_config(name);
    facts.add("preset", "preset", text_cell(name));
    add_config(facts, config);
    const std::uint64_t bytes = kTokensPerParameter * parameter_count(config);
    const double rate = default_learning_rate(config, bytes);
    facts.add("learning_rate", "learning rate",
              text_of(rate, " by default, for ", with_commas(bytes), " bytes trained on"), rate);
    facts.show(json);
}

void add_sources(Facts& facts, const char* key, const char* title, const std::vector<DataSource>& sources) {
    Json list = Json::array();
    std::string shown;
    for (const DataSource& s : sources) {
        list.push_back({{"name", s.name}, {"hash", hex64(s.hash)}, {"begin", s.begin}, {"bytes", s.bytes}});
        shown += text_of(shown.empty() ? "" : "; ", printable(s.name), " from byte ", with_commas(s.begin),
                         ", ", with_commas(s.bytes), " bytes, hash ", hex64(s.hash));
    }
    facts.add(key, title, shown.empty() ? "none" : shown, std::move(list));
}

void add_vocabulary(Facts& facts, const Vocabulary& vocabulary) {
    facts.add("tokenizer", "tokenizer", text_cell(hex64(vocabulary_id(vocabulary))));
    facts.add("symbols", "symbols", count_cell(vocabulary.size()));
    facts.add("merges", "pairs that join", count_cell(vocabulary.merges().size()));
    std::size_t longest = 0;
    std::uint64_t bytes = 0;
    std::uint64_t alone = 0;
    for (Symbol symbol = 0; symbol < vocabulary.size(); ++symbol) {
        const std::size_t size = vocabulary.bytes(symbol).size();
        longest = std::max(longest, size);
        bytes += size;
        alone += size == 1 ? 1 : 0;
    }
    facts.add("byte_symbols", "symbols of one byte", count_cell(alone));
    facts.add("longest_token", "longest token", with_commas(longest) + " bytes", longest);
    const double mean = static_cast<double>(bytes) / vocabulary.size();
    facts.add("mean_token", "mean of all symbols", number_cell(mean, 2, " bytes"));
    facts.add("cut", "text is cut by", text_cell(text_cut_name(vocabulary.cut())));
    facts.add("vocabulary_bytes", "bytes in a model", count_cell(vocabulary.encode().size()));
}

void show_model(const std::filesystem::path& path, bool json) {
    const StoredModel stored = load_model(path);
    Facts facts;
    facts.add("model", "model", text_cell(hex64(stored.id)));
    facts.add("file", "file", text_cell(path.string()));
    facts.add("weight_format", "weights stored in", text_cell(weight_format_name(stored.format)));
    facts.add("stored_bytes", "bytes when embedded", count_cell(stored.stored_bytes));
    add_config(facts, stored.model.config);
    if (stored.model.vocabulary != nullptr) {
        add_vocabulary(facts, *stored.model.vocabulary);
    }
    const TrainingRecord& record = stored.record;
    add_sources(facts, "training", "trained on", record.training);
    add_sources(facts, "validation", "validated on", record.validation);
    facts.add("content_sample_bytes", "sample of its data",
              record.content.empty() ? text_cell("none: what it has read is told by hashes only")
                                     : count_cell(record.content.size()));
    facts.add("tokens", "bytes seen", count_cell(record.tokens));
    facts.add("steps", "steps", count_cell(record.steps));
    facts.add("seed", "seed", std::to_string(record.seed), record.seed);
    facts.add("training_bits_per_byte", "training",
              number_cell(record.training_bits_per_byte, 4, " bits/byte"));
    facts.add("validation_bits_per_byte", "validation",
              record.validation_bits_per_byte > 0
                  ? number_cell(record.validation_bits_per_byte, 4, " bits/byte")
                  : nothing_cell());
    std::string options = record.options;
    while (options.ends_with('\n')) {
        options.pop_back();
    }
    std::string shown = options;
    for (std::size_t at = 0; (at = shown.find('\n', at)) != std::string::npos; at += 2) {
        shown.replace(at, 1, ", ");
    }
    facts.add("options", "options", printable(shown), options);
    facts.show(json);
}

void show_archive(const std::string& name, bool json) {
    const Input input(name, {});
    const ArchiveListing listing = naming(name, [&] { return list_archive(input.source()); });
    const CodecSummary& s = listing.summary;
    const double rate = static_cast<double>(s.archive_bytes) / static_cast<double>(s.plain_bytes);
    Facts facts;
    facts.add("archive", "archive", text_cell(name));
    facts.add("model", "needs model", hex64(listing.model_id) + (listing.embedded ? " (inside)" : ""),
              hex64(listing.model_id));
    facts.add("embedded", "model embedded", flag_cell(listing.embedded));
    facts.add("arithmetic_version", "arithmetic", count_cell(listing.arithmetic_version));
    facts.add("reset_every", "contexts reset",
              listing.reset_every == 0 ? "at each block"
                                       : text_of("every ", with_commas(listing.reset_every), " bytes"),
              listing.reset_every);
    facts.add("plain_bytes", "plain bytes", count_cell(s.plain_bytes));
    facts.add("archive_bytes", "archive bytes", count_cell(s.archive_bytes));
    facts.add("model_bytes", "of them the model", count_cell(s.model_bytes));
    facts.add("blocks", "blocks", count_cell(s.blocks));
    facts.add("stored_blocks", "stored blocks", count_cell(s.blocks_of(kStored)));
    facts.add("streams", "streams", count_cell(s.streams));
    facts.add("rate", "rate", share_cell(rate));
    facts.add("bits_per_byte", "bits per byte", number_cell(8 * rate, 4));
    facts.show(json);
}

// The first bytes of a regular file that has as many.
std::array<std::uint8_t, 4> magic_of(const std::string& name) {
    const Input input(name, {});
    std::array<std::uint8_t, 4> start{};
    const bool is_whole = input.is_regular() && input.source()(start) == start.size();
    return is_whole ? start : std::array<std::uint8_t, 4>{};
}

void show_vocabulary(const std::string& name, bool json) {
    Facts facts;
    facts.add("file", "file", text_cell(name));
    add_vocabulary(facts, load_vocabulary(name));
    facts.show(json);
}

Cell list_cell(const std::vector<std::filesystem::path>& paths) {
    std::vector<std::string> names;
    std::string shown;
    for (const std::filesystem::path& path : paths) {
        names.push_back(path.string());
        shown += (shown.empty() ? "" : ", ") + printable(path.string());
    }
    return {shown.empty() ? "none" : shown, names};
}

// Only the avx512 kernels have the instruction.
bool bf16_runs_in_hardware() { return chosen_isa() == Isa::avx512 && bf16_in_hardware(); }

// The values in force: this build, this machine, what is found on it.
void show_environment(bool json) {
    Facts facts;
    facts.add("version", "bitlaw", text_cell(kVersion));
    facts.add("arithmetic_version", "arithmetic", count_cell(kArithmeticVersion));
    facts.add("machine", "machine", text_cell(machine_name()));
    facts.add("threads", "threads", count_cell(thread_count()));
    std::string isas;
    for (const Isa isa : available_isas()) {
        isas += (isas.empty() ? "" : ", ") + std::string(isa_name(isa));
    }
    const std::string isa = isa_name(chosen_isa());
    facts.add("isa", "instructions", isa + " (of " + isas + ")", isa);
    const bool hardware = bf16_runs_in_hardware();
    facts.add("bf16_in_hardware", "bf16 products",
              hardware ? "by the processor's instruction" : "emulated in fp32", hardware);
    facts.add("presets", "presets", text_cell(preset_list()));
    facts.add("model_places", "models sought in", list_cell(model_places()));
    facts.add("models", "models found", list_cell(model_files()));
    facts.show(json);
}

}  // namespace

int run_info(const InfoArguments& a) {
    const std::vector<std::string> presets = preset_names();
    const bool is_preset = std::find(presets.begin(), presets.end(), a.subject) != presets.end();
    std::error_code error;
    const bool exists = std::filesystem::exists(a.subject, error);
    if (a.subject.empty()) {
        show_environment(a.common.json);
    } else if (is_preset && !exists) {
        show_preset(a.subject, a.common.json);
    } else if (!exists && a.subject.find('/') == std::string::npos) {
        fail("there is no file and no preset '", a.subject, "'; the presets are ", preset_list());
    } else {
        if (is_preset) {
            note("the file " + printable(a.subject) +
                 ", not the preset; for that, ask where no such file is");
        }
        const std::array<std::uint8_t, 4> magic = std::filesystem::is_directory(a.subject, error)
                                                      ? std::array<std::uint8_t, 4>{}
                                                      : magic_of(a.subject);
        if (magic == kArchiveMagic) {
            show_archive(a.subject, a.common.json);
        } else if (magic == kVocabularyMagic) {
            show_vocabulary(a.subject, a.common.json);
        } else {
            show_model(a.subject, a.common.json);
        }
    }
    return kDone;
}

}  // namespace bitlaw::cli
