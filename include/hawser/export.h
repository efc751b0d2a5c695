#pragma once

// HAWSER_API marks what the shared library offers; everything else in it is hidden. HAWSER_HIDDEN
// marks what stands inside an offered class and is not offered itself.
#if defined(__GNUC__)
#define HAWSER_API __attribute__((visibility("default")))
#define HAWSER_HIDDEN __attribute__((visibility("hidden")))
#else
#define HAWSER_API
#define HAWSER_HIDDEN
#endif
