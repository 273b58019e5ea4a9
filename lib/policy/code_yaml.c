/* What is wrong with a file before anybody asks what it means. */
#include "policy/code.h"

const struct code codes_yaml[] = {
    {"yaml-anchor", CODE_ERROR,
	"An anchor or an alias: a file that people review means what it shows.",
	"Write the value where it is used; put text that begins with & or * in "
	"quotes."},
    {"yaml-boolean", CODE_ERROR, "Not a boolean.",
	"Write true or false, in lower case and without quotes."},
    {"yaml-choice", CODE_ERROR, "Not one of the words that are known here.",
	"Take one of those that the finding names."},
    {"yaml-control", CODE_ERROR, "A control character in the file.",
	"Remove it, or write it as an escape in double quotes."},
    {"yaml-directive", CODE_ERROR,
	"A line that begins with %, which is a YAML directive.",
	"Remove the line, or indent the text that it belongs to."},
    {"yaml-duplicate-key", CODE_ERROR, "A key that is there twice in one map.",
	"Keep one of the two."},
    {"yaml-duration", CODE_ERROR, "Not a duration.",
	"Write a whole number and its unit, as 90s, 5m, 2h, 1d or 10y."},
    {"yaml-empty", CODE_ERROR, "A value is missing, or is empty.",
	"Write the value, or remove the key."},
    {"yaml-format", CODE_ERROR,
	"The file cannot be formatted without changing what it says.",
	"Write the place more simply: short keys, no text in several lines as "
	"a key."},
    {"yaml-io", CODE_ERROR, "A file or folder that cannot be read.",
	"See that it is there, is a regular file, and that its mode lets this "
	"user read it."},
    {"yaml-key", CODE_ERROR, "A map or a list stands where a key is expected.",
	"Write a word as the key; put text that begins with a bracket in "
	"quotes."},
    {"yaml-limit", CODE_ERROR,
	"The file is beyond a limit on size, depth or number of values.",
	"Split the file; the limits stand in the manual."},
    {"yaml-line-break", CODE_ERROR,
	"A line break that is neither LF nor CR LF.",
	"Save the file with Unix line ends."},
    {"yaml-missing-key", CODE_ERROR, "A key that has to be there is missing.",
	"Write it."},
    {"yaml-number", CODE_ERROR, "Not a whole number.",
	"Write decimal digits, without quotes and without a unit."},
    {"yaml-range", CODE_ERROR,
	"A number, a duration or a size that is out of range.",
	"Take a value of the range that the finding names."},
    {"yaml-size", CODE_ERROR, "Not a size.",
	"Write a whole number and its unit, as 500B, 64KiB or 1MiB."},
    {"yaml-syntax", CODE_ERROR, "The file is no YAML.",
	"Look for an indentation, a quote or a bracket that is wrong at or "
	"before the place."},
    {"yaml-tab", CODE_ERROR, "A tab.",
	"Indent and separate with spaces; in quoted text write \\t."},
    {"yaml-tag", CODE_ERROR, "A tag: types follow from the key.",
	"Remove the word that begins with an exclamation mark, or put it in "
	"quotes."},
    {"yaml-type", CODE_ERROR,
	"A map, a list or a single value stands where another is expected.",
	"Write what the finding expects; the grammar has an example of each "
	"key."},
    {"yaml-unknown-key", CODE_ERROR, "A key that is not known here.",
	"Mend its spelling, or its indentation; unknown keys are never passed "
	"over."},
    {"yaml-utf8", CODE_ERROR, "The file is not UTF-8.", "Save it as UTF-8."},
};

const size_t codes_yaml_count = CODE_COUNT(codes_yaml);
