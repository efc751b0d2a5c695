#pragma once

// Everything an embedder needs.
#include "hawser/change.h"
#include "hawser/clock.h"
#include "hawser/difference.h"
#include "hawser/metadata.h"
#include "hawser/random.h"
#include "hawser/replica.h"
#include "hawser/result.h"
#include "hawser/synchronizer.h"
#include "hawser/typed.h"
#include "hawser/value.h"
