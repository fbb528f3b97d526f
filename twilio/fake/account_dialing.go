package fake

import "net/http"

func (a *Account) dialingRoutes() []route {
	return []route{{http.MethodGet, "/v1/DialingPermissions/Countries/*", a.country}}
}

func (a *Account) country(w http.ResponseWriter, _ *http.Request, iso string) {
	reply(w, http.StatusOK, map[string]any{"iso_code": iso, "low_risk_numbers_enabled": a.state.Countries[iso]})
}
