package policy_test

import (
	"testing"

	"github.com/officernd/supportline/policy"
)

// A package is compared without case, blanks and the forms of Unicode; what is nearly one is not one, and what was meant is known.
func TestPackagesAreComparedByTheirLetters(t *testing.T) {
	s := policy.Settings{Packages: []string{"Ultimate", "Café Plus", "Pro"}}
	for written, want := range map[string]string{
		"Ultimate": "Ultimate", "ultimate": "Ultimate", "ULTIMATE": "Ultimate", " Ultimate ": "Ultimate", "Ultimate\u00a0": "Ultimate",
		"\ufeffUltimate": "Ultimate", "Ulti\u00admate": "Ultimate", "\uff35ltimate": "Ultimate",
		"cafe\u0301  plus": "Café Plus", "CAF\u00c9\u00a0PLUS": "Café Plus", "CaféPlus": "Café Plus", "pro": "Pro",
		"": "", " ": "", "Ultimat": "", "Ultimate plan": "", "Basic": "", "Cafe Plus": "",
	} {
		if got := s.PackageWithPhone(written); got != want || s.IncludesPhone(written) != (want != "") {
			t.Errorf("%q is the package %q, want %q", written, got, want)
		}
	}
	for written, want := range map[string]string{
		"Ultimat": "Ultimate", "Utlimate": "Ultimate", "Ultimate plan": "Ultimate", "the ultimate": "Ultimate", "Ulti": "Ultimate", "ULTIMATE-2026": "Ultimate",
		"Cafe Plus": "Café Plus", "Pro (monthly)": "Pro",
		"ultimate": "", "Basic": "", "Growth": "", "Professional": "", "Pre": "Pro", "Nonprofit": "", "": "", "Essential": "",
	} {
		if got := s.MeantPackage(written); got != want {
			t.Errorf("%q means %q, want %q", written, got, want)
		}
	}
	if (policy.Settings{}).MeantPackage("Ultimate") != "" {
		t.Error("a package is meant where none is configured")
	}
}

// TestFirstMonthOfACustomer: the figures of an export go back to the first month that a call belongs to.
func TestFirstMonthOfACustomer(t *testing.T) {
	for want, months := range map[policy.Month][]policy.Month{
		"": {"", ""}, "2026-09": {"2026-09"}, "2026-08": {"", "2026-08", "2026-09", "", "2026-11"}, "2025-12": {"2026-01", "2025-12"},
	} {
		var export policy.CustomerExport
		for _, month := range months {
			export.Calls = append(export.Calls, policy.Call{Month: month})
		}
		if got := export.FirstMonth(); got != want {
			t.Errorf("calls of %q begin with %q, want %q", months, got, want)
		}
	}
}
