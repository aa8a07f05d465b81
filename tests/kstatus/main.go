// Prints what kstatus, by which Flux and Helm decide, says of objects in YAML files: a line for each, `Current FILE`.
package main

import (
	"fmt"
	"os"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

func main() {
	for _, file := range os.Args[1:] {
		computed, err := compute(file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			os.Exit(1)
		}
		fmt.Printf("%s %s\n", computed, file)
	}
}

func compute(file string) (status.Status, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	// By way of JSON numbers stay whole, as they are when they come from an API server.
	json, err := yaml.YAMLToJSON(text)
	if err != nil {
		return "", err
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(json); err != nil {
		return "", err
	}
	result, err := status.Compute(object)
	if err != nil {
		return "", err
	}
	return result.Status, nil
}
