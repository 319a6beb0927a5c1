#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "bitlaw/base/error.hpp"
#include "bitlaw/base/random.hpp"
#include "bitlaw/base/text.hpp"
#include "bitlaw/studies/foreign_runs.hpp"
#include "support/message.hpp"
#include "support/temporary_folder.hpp"
#include "support/training.hpp"

using namespace bitlaw;
using namespace bitlaw::laws;
using namespace bitlaw::studies;
using bitlaw::test::holds;
using bitlaw::test::message_of;
using bitlaw::test::TemporaryFolder;

namespace {

// Hoffmann et al. 2022, equation 10.
constexpr Law kLaw{1.69, 406.4, 0.34, 410.7, 0.28, 0.0};

// Runs as a stranger would write them: operations instead of data, a column with a comma, Windows line ends.
std::string foreign_csv() {
    Random random(5);
    std::string text = "\"name, first\",Model Size,Training FLOP,loss\r\n";
    for (double n = 7e7; n < 2e10; n *= 2) {
        for (double d = 5e9; d < 6e11; d *= 4) {
            text += text_of("\"a, \"\"b\"\"\",", exact_text(n), ',', exact_text(6 * n * d), ',',
                            exact_text(kLaw.bits(n, d, d) * (1 + 0.001 * random.normal())), "\r\n");
        }
    }
    return text + "\"outlier\",1e9,6e19,9.0\r\n";
}

ForeignOptions options_of() {
    ForeignOptions options;
    options.columns.parameters = "Model Size";
    options.columns.loss = "loss";
    options.columns.flops = "Training FLOP";
    options.no_model = 10.37;
    options.bootstrap = 40;
    return options;
}

}  // namespace

TEST_CASE("runs of any CSV file are fitted, their columns named") {
    const TemporaryFolder folder;
    test::write_text(folder / "runs.csv", foreign_csv());
    ForeignOptions options = options_of();
    const ForeignFit with = fit_foreign(folder / "runs.csv", options);
    CHECK(with.read == 9 * 4 + 1);
    REQUIRE_FALSE(with.doubts.empty());
    CHECK(holds(with.doubts[0], "has a loss of 9 where the others put "));
    options.leave_out = 1;
    const ForeignFit fit = fit_foreign(folder / "runs.csv", options);
    CHECK(fit.left_out == 1);
    CHECK(fit.runs.size() == 36);
    REQUIRE(fit.forms.size() == law_forms().size());
    for (const FormResult& form : fit.forms) {
        CHECK(form.fit.error < 0.006);
        if (std::string(form.fit.law.form->key) == "additive") {
            CHECK(form.fit.law.values()[0] == doctest::Approx(kLaw.floor).epsilon(0.02));
            CHECK(form.fit.law.values()[2] == doctest::Approx(kLaw.size_power).epsilon(0.05));
        }
    }
    std::string names;
    for (const format::Table& table : foreign_tables(fit)) {
        names += table.name + " ";
    }
    CHECK(names == "forms law extrapolation compute_optimum ");
}

TEST_CASE("a CSV file that lacks a column, or a number, is refused with its line") {
    const TemporaryFolder folder;
    test::write_text(folder / "runs.csv", foreign_csv());
    const auto fit = [&](const ForeignOptions& options) { (void)fit_foreign(folder / "runs.csv", options); };
    const auto message = [&](const ForeignOptions& options) {
        return message_of<Error>([&] { fit(options); });
    };
    const auto usage = [&](const ForeignOptions& options) {
        return message_of<UsageError>([&] { fit(options); });
    };
    ForeignOptions options = options_of();
    options.columns.loss = "bits";
    CHECK(holds(usage(options),
                "there is no column 'bits'; name it by --loss-column; the columns are "
                "'name, first', 'Model Size'"));
    options = options_of();
    options.columns.flops = "";
    CHECK(holds(usage(options), "--bytes-column (or --flops-column)"));
    options = options_of();
    test::write_text(folder / "runs.csv", "Model Size,Training FLOP,loss\n1e6,1e15,2\n1e6,1e15\n");
    CHECK(holds(message(options), "line 3 has 2 fields, not 3"));
    test::write_text(folder / "runs.csv", "Model Size,Training FLOP,loss\n1e6,much,2\n");
    CHECK(holds(message(options), "line 2: 'much' is no number above zero"));
    test::write_text(folder / "runs.csv", "Model Size,Training FLOP,loss\n");
    CHECK(holds(message(options), "holds no run"));
}
