#include "bitlaw/studies/study_result.hpp"

#include "bitlaw/model/config_facts.hpp"

namespace bitlaw::studies {

using namespace model;

StudyResult planned_result(const StudyTrunk& trunk, const StudyRun& run) {
    StudyResult result;
    result.run = run.id;
    result.recipe = run.recipe;
    result.size = trunk.size;
    result.parameters = parameter_count(trunk.config);
    result.multiplied_parameters = multiplied_parameter_count(trunk.config);
    result.width = trunk.config.width;
    result.layers = trunk.config.layers;
    result.context = trunk.config.context;
    result.seed = trunk.seed;
    result.unique_bytes = run.unique;
    result.passes = run.passes;
    result.trained_bytes = run.bytes;
    result.steps = run.steps;
    result.batch_bytes = trunk.batch_bytes;
    result.learning_rate = trunk.learning_rate;
    result.matrix_learning_rate = trunk.matrix_learning_rate;
    result.training_flops = run.flops;
    return result;
}

}  // namespace bitlaw::studies
