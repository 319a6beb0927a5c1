#include "bitlaw/train/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "bitlaw/base/clock.hpp"
#include "bitlaw/base/error.hpp"
#include "bitlaw/base/file.hpp"
#include "bitlaw/base/json.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/parallel.hpp"
#include "bitlaw/base/settings.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/base/text_file.hpp"
#include "bitlaw/kernels/isa.hpp"
#include "bitlaw/train/train_fields.hpp"

namespace bitlaw::train {

using namespace kernels;
using namespace model;

namespace {

constexpr const char* kColumns =
    "step,tokens,bits_per_byte,validation_bits_per_byte,learning_rate,gradient_norm,seconds,tokens_per_"
    "second,copy_score_bits_per_byte\n";

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

std::string json_list(const std::vector<std::string>& texts) {
    std::string result = "[";
    for (const std::string& text : texts) {
        result += (result.size() > 1 ? ", " : "") + json_text(text);
    }
    return result + "]";
}

std::string json_value(FieldKind kind, const Words& words) {
    const bool is_bare = kind == FieldKind::whole || kind == FieldKind::real || kind == FieldKind::flag;
    return kind == FieldKind::list ? json_list(words) : is_bare ? words.front() : json_text(words.front());
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
    std::string text = "{\n";
    const auto field = [&](const char* name, const std::string& value) {
        text += text_of(text.size() > 2 ? ",\n" : "", "  \"", name, "\": ", value);
    };
    field("status", json_text(status.status));
    field("command", json_text(options.command));
    field("date", json_text(utc_now()));
    field("out", json_text(absolute_text(options.out)));
    field("data", json_list(options.data));
    field("validation", json_list(options.validation));
    field("minutes", exact_text(options.minutes));
    field("isa", json_text(isa_name(chosen_isa())));
    field("threads", std::to_string(thread_count()));
    field("compiler", json_text(__VERSION__));
    field("arithmetic_version", std::to_string(kArithmeticVersion));
    field("first_step", std::to_string(status.first_step));
    field("last_step", std::to_string(status.last_step));
    field("steps", std::to_string(run.steps));
    field("tokens", std::to_string(run.tokens()));
    field("seconds", short_text(status.seconds));
    std::string fields;
    for_each_option(run, [&](const Field<TrainOptions>& option, const Words& words) {
        fields += text_of(fields.empty() ? "{" : ",", "\n    \"", option.info.name,
                          "\": ", json_value(option.kind, words));
    });
    field("options", fields + "}");
    text += "\n}\n";
    write_file(path, text);
}

}  // namespace bitlaw::train
