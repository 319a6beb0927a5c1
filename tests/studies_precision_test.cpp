#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/output_file.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/studies/study_precision.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"

using namespace bitlaw;
using namespace bitlaw::laws;
using namespace bitlaw::studies;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

StudyConfig config_of(const TemporaryFolder& folder, const std::string& more) {
    return parse_study_config(
        "data = data\nheld_out = held\nsizes = 50K 200K\nlayers = 2\ncontexts = 64\ntrain_on = 1M\n" + more,
        folder / "study.conf");
}

}  // namespace

TEST_CASE("precision of a study: rows of a known law give its best size and bits") {
    const TemporaryFolder folder;
    const StudyPlan plan = make_study_plan(config_of(folder, "bits = 16 8 5 4 3\ncoded_bytes = 1M 1G\n"));
    CHECK(plan.config.bits == std::vector<double>{16, 8, 5, 4, 3});
    const FormLaw law = form_law(
        {.floor = 1.2, .size_scale = 40.0, .size_power = 0.35, .data_scale = 300.0, .data_power = 0.4});
    const PrecisionForm& form = precision_forms().front();
    const PrecisionLaw truth{&form, {std::log(2.0), std::log(1.6), -0.1, 0.2}, 1e5, 3e6};
    std::vector<StudyResult> fitted;
    std::string rows =
        "run,recipe_hash,bits_asked,parameters,model_bytes,held_out_bits_per_byte,"
        "report_bits_per_byte\n";
    for (const std::uint64_t size : {40'000, 80'000, 160'000, 320'000}) {
        for (const std::uint64_t bytes : {1'000'000, 4'000'000, 16'000'000}) {
            StudyResult run;
            run.run = text_of('n', size, '-', bytes);
            run.status = "done";
            run.recipe = "r";
            run.parameters = size;
            run.trained_bytes = run.unique_bytes = bytes;
            PrecisionPoint at{double(size), double(bytes), double(bytes), 0, 0, 0};
            run.bits_per_byte = law.bits(at.run());
            fitted.push_back(run);
            for (const double bits : {16.0, 8.0, 5.0, 4.0, 3.0}) {
                at.bits_per_weight = bits;
                const double added = bits < 16.0 ? truth.added(law, at) : 0.0;
                rows += text_of(run.run, ",r,", bits, ',', size, ',',
                                static_cast<std::uint64_t>(bits * double(size) / 8.0), ',',
                                fixed_text(run.bits_per_byte + added, 6), ",0\n");
            }
        }
    }
    rows += "n1-1,r,3,1,1,2,2\n";  // of another plan
    std::filesystem::create_directories(plan.config.folder);
    write_file(precision_results(plan), rows);
    FormResult known;
    known.fit.law = law;
    const PrecisionFindings f = precision_findings(plan, fitted, {known}, false);
    CHECK(f.no_law.empty());
    CHECK(f.results.size() == 60);
    CHECK(f.points.size() == 48);
    REQUIRE(f.fits.size() == precision_forms().size());
    CHECK(std::string(f.fits.front().law.form->key) == form.key);
    CHECK(f.fits.front().hold_out < 1e-4);
    REQUIRE(f.best.size() == 2);
    for (const PrecisionBest& best : f.best) {
        const PrecisionOptimum expected = precision_optimum(law, truth, best.coded, 3.0, 16.0);
        CHECK(best.best.bits_per_weight == doctest::Approx(expected.bits_per_weight).epsilon(0.01));
        CHECK(best.best.parameters == doctest::Approx(expected.parameters).epsilon(0.02));
        CHECK(best.best.adjusted == doctest::Approx(expected.adjusted).epsilon(1e-4));
        CHECK(best.best.adjusted < best.adjusted_at_16);
        CHECK(best.adjusted.low <= best.best.adjusted);
        CHECK(best.bits_per_weight.low <= best.best.bits_per_weight);
        CHECK(best.bits_per_weight.high >= best.best.bits_per_weight);
    }
    const std::vector<format::Table> tables = precision_tables(f);
    CHECK(tables[0].rows.size() == 60);
    CHECK(tables[1].rows.size() == precision_forms().size());
    CHECK(tables[2].rows.size() == 2);
    CHECK(holds(precision_findings(plan, fitted, {}, false).no_law, "no law"));
    write_file(precision_results(plan), rows + rows.substr(rows.find('\n') + 1));
    CHECK(holds(message_of<Error>([&] { (void)read_precision(precision_results(plan)); }), "second row"));
    write_file(precision_results(plan), "run\n");
    CHECK(holds(message_of<Error>([&] { (void)read_precision(precision_results(plan)); }), "header"));
}

TEST_CASE("precision of a study: bits that no weight can have are refused") {
    const TemporaryFolder folder;
    CHECK(holds(message_of<UsageError>([&] { (void)config_of(folder, "bits = 4 0.5\n"); }), "bits"));
    CHECK(holds(message_of<UsageError>([&] { (void)config_of(folder, "bits = 4 4\n"); }), "twice"));
    CHECK(config_of(folder, "").bits.empty());
}
