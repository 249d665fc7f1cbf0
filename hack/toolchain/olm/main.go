// The Operator Lifecycle Manager's own code as a program for tests: the validators that `operator-sdk bundle validate`
// runs, and the definition of ClusterServiceVersion.
//
//	olm judge BUNDLE   each problem is a line of output (JSON, see problem); none: the bundle is as it should be
//	olm crd            prints the CustomResourceDefinition of ClusterServiceVersion (JSON)
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/operator-framework/api/crds"
	"github.com/operator-framework/api/pkg/manifests"
	"github.com/operator-framework/api/pkg/validation"
	problems "github.com/operator-framework/api/pkg/validation/errors"
)

// validators by the names that operator-sdk has for the optional ones. "default" are those that it always runs.
var validators = map[string]func(...interface{}) []problems.ManifestResult{
	"default":        validation.DefaultBundleValidators.Validate,
	"operatorhub":    validation.OperatorHubV2Validator.Validate,
	"good-practices": validation.GoodPracticesValidator.Validate,
	"capabilities":   validation.StandardCapabilitiesValidator.Validate,
	"categories":     validation.StandardCategoriesValidator.Validate,
	"objects":        validation.ObjectValidator.Validate,
	"deprecated":     validation.AlphaDeprecatedAPIsValidator.Validate,
}

// problem is what one validator says about a bundle.
type problem struct {
	Validator string `json:"validator"`
	Level     string `json:"level"`
	Message   string `json:"message"`
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(arguments []string, out io.Writer) error {
	encoder := json.NewEncoder(out)
	switch {
	case len(arguments) == 2 && arguments[0] == "judge":
		return judge(arguments[1], encoder)
	case len(arguments) == 1 && arguments[0] == "crd":
		return encoder.Encode(crds.ClusterServiceVersion())
	}
	return errors.New("usage: olm judge BUNDLE | olm crd")
}

func judge(directory string, out *json.Encoder) error {
	bundle, err := manifests.GetBundleFromDir(directory)
	if err != nil {
		return fmt.Errorf("%s cannot be read as a bundle: %w", directory, err)
	}
	for name, validate := range validators {
		for _, result := range validate(bundle.ObjectsToValidate()...) {
			for _, one := range append(result.Errors, result.Warnings...) {
				if err := out.Encode(problem{name, string(one.Level), one.Error()}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
