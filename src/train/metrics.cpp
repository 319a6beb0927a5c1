#include "bitlaw/train/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

#include <cereal/archives/json.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/vector.hpp>

#include "bitlaw/base/clock.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/base/utf8.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/train/train_fields.hpp"

namespace bitlaw::train {

using namespace kernels;
using namespace model;

namespace {

constexpr const char* kColumns =
    "step,tokens,bits_per_byte,validation_bits_per_byte,learning_rate,gradient_norm,seconds,tokens_per_"
    "second,copy_score_bits_per_byte\n";

constexpr double kInfinity = std::numeric_limits<double>::infinity();

const auto kCommas = std::count(kColumns, kColumns + std::char_traits<char>::length(kColumns), ',');

// Six significant digits, whatever the locale.
std::string short_text(double value) {
    std::array<char, 32> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::general, 6).ptr;
    return {text.data(), end};
}

// The whole rows of an earlier file up to a step; a row that a killed process left unfinished is dropped.
std::string kept_rows(const std::filesystem::path& path, std::uint64_t kept_step) {
    std::error_code ignored;
    if (kept_step == 0 || !std::filesystem::exists(path, ignored)) {
        return kColumns;
    }
    const std::string text = read_text(path, std::numeric_limits<std::uint64_t>::max());
    std::string_view rest = text;
    std::string kept = kColumns;
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        const std::string_view row = rest.substr(0, end + 1);
        rest.remove_prefix(end + 1);
        std::uint64_t step = 0;
        const bool is_row = std::from_chars(row.data(), row.data() + row.size(), step).ec == std::errc();
        if (is_row && step <= kept_step) {
            kept += row.substr(0, row.size() - 1);
            // Rows of an earlier version had no copy score.
            kept += std::count(row.begin(), row.end(), ',') < kCommas ? ",\n" : "\n";
        }
    }
    return kept;
}

// Nothing for what is no finite number below 10^18.
std::optional<double> number_of(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_number = error == std::errc() && end == text.data() + text.size() && std::abs(value) < 1e18;
    return is_number ? std::optional(value) : std::nullopt;
}

// As JSON holds them.
Words characters(Words words) {
    std::transform(words.begin(), words.end(), words.begin(), utf8_text);
    return words;
}

// The option under its name: numbers and flags as such, all else as texts.
void add_option(cereal::JSONOutputArchive& json, const Field<TrainOptions>& field, const Words& words) {
    json.setNextName(field.info.name.c_str());
    if (field.kind == FieldKind::flag) {
        json(flag_value(words.front()) != 0);
    } else if (field.kind == FieldKind::whole) {
        json(whole_value(words.front(), {}));
    } else if (field.kind == FieldKind::real) {
        json(real_value(words.front(), {-kInfinity, kInfinity}));
    } else if (field.kind == FieldKind::list) {
        json(characters(words));
    } else {
        json(utf8_text(words.front()));
    }
}

// Calls visit(field, words) for every option that belongs to the run and not to the process.
template <class Visit>
void for_each_option(const ResolvedRun& run, const Visit& visit) {
    for (const Field<TrainOptions>& field : train_fields()) {
        if (const Words words = field.write(run.options); !field.info.is_of_process && !words.empty()) {
            visit(field, words);
        }
    }
}

std::string absolute_text(const std::filesystem::path& path) {
    std::error_code error;
    const std::filesystem::path absolute = std::filesystem::absolute(path, error);
    return error ? path.string() : absolute.string();
}

}  // namespace

std::vector<MetricsRow> read_metrics(const std::filesystem::path& path) {
    // A billion steps would take years.
    constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 36;
    const std::string text = read_text(path, kMaxBytes);
    std::string_view rest = text;
    std::vector<MetricsRow> rows;
    double before = 0;  // seconds of earlier processes
    double last = 0;
    std::size_t line = 0;
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        const std::string_view row = rest.substr(0, end);
        rest.remove_prefix(end + 1);
        ++line;
        // Later versions may have more columns.
        if (line == 1) {
            if (!row.starts_with(
                    "step,tokens,bits_per_byte,validation_bits_per_byte,learning_rate,gradient_norm,"
                    "seconds")) {
                fail(path.string(), " is no ", kMetricsFile, " of a training");
            }
            continue;
        }
        const std::vector<std::string> cells = cells_of(row);
        const auto number = [&](std::size_t i) {
            return i < cells.size() ? number_of(cells[i]) : std::nullopt;
        };
        const auto is_positive = [&](std::size_t column) { return number(column).value_or(-1) >= 0; };
        if (!is_positive(0) || !is_positive(1) || !is_positive(2) || !is_positive(6)) {
            fail(path.string(), ":", line, ": this is no row of a training");
        }
        if (*number(6) < last) {
            before += last;
        }
        last = *number(6);
        rows.push_back({.step = static_cast<std::uint64_t>(*number(0)),
                        .bytes = static_cast<std::uint64_t>(*number(1)),
                        .bits_per_byte = *number(2),
                        .validation_bits_per_byte = number(3),
                        .seconds = before + last});
    }
    return rows;
}

MetricsFile::MetricsFile(const std::filesystem::path& path, std::uint64_t kept_step)
    : file_(path, kept_rows(path, kept_step)) {}

void MetricsFile::add(const StepReport& report) {
    const bool is_validated = report.validation_bits_per_byte >= 0.0;
    file_.add(text_of(report.step, ',', report.tokens, ',', short_text(report.bits_per_byte), ',',
                      is_validated ? short_text(report.validation_bits_per_byte) : "", ',',
                      short_text(report.learning_rate), ',', short_text(report.gradient_norm), ',',
                      short_text(report.seconds), ',', short_text(report.tokens_per_second), ',',
                      report.copy_score ? short_text(*report.copy_score) : "", '\n'));
}

void write_options_file(const std::filesystem::path& path, const ResolvedRun& run) {
    std::string text;
    for_each_option(run, [&](const Field<TrainOptions>& field, const Words& words) {
        text += setting_line(field.info.name, words);
    });
    write_file(path, text);
}

void write_run_file(const std::filesystem::path& path, const ResolvedRun& run, const RunStatus& status) {
    const TrainOptions& options = run.options;
    std::ostringstream text;
    {
        cereal::JSONOutputArchive json(text);  // closes its object when it ends
        json(cereal::make_nvp("status", std::string(status.status)),
             cereal::make_nvp("command", utf8_text(options.command)), cereal::make_nvp("date", utc_now()),
             cereal::make_nvp("out", utf8_text(absolute_text(options.out))),
             cereal::make_nvp("data", characters(options.data)),
             cereal::make_nvp("validation", characters(options.validation)),
             cereal::make_nvp("minutes", options.minutes),
             cereal::make_nvp("isa", std::string(isa_name(chosen_isa()))),
             cereal::make_nvp("threads", thread_count()),
             cereal::make_nvp("compiler", std::string(__VERSION__)),
             cereal::make_nvp("arithmetic_version", std::uint64_t{kArithmeticVersion}),
             cereal::make_nvp("first_step", status.first_step),
             cereal::make_nvp("last_step", status.last_step), cereal::make_nvp("steps", run.steps),
             cereal::make_nvp("tokens", run.bytes()), cereal::make_nvp("seconds", status.seconds));
        json.setNextName("options");
        json.startNode();
        for_each_option(run, [&](const Field<TrainOptions>& field, const Words& words) {
            add_option(json, field, words);
        });
        json.finishNode();
    }
    write_file(path, text.str() + "\n");
}

}  // namespace bitlaw::train
